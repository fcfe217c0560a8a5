-- migrate:up

-- PostgreSQL checked these references for each event, which took longer than writing the event. Persist
-- now checks the projects and users of a batch in the statement that writes its events. The remaining
-- references still prevent deleting them: vote_heads has every project with an event, votes every user
-- with a vote.
ALTER TABLE vote_events
    DROP CONSTRAINT vote_events_project_id_fkey,
    DROP CONSTRAINT vote_events_user_id_fkey;
ALTER TABLE votes DROP CONSTRAINT votes_project_id_fkey;

-- migrate:down
-- Forward only: restore a backup instead.
