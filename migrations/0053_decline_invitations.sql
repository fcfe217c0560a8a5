-- migrate:up

-- Who has declined is not invited again. `withdraw_vote`: a member's vote on the project is still to be taken
-- out, because the board had no votes on people's own projects when the member accepted.
ALTER TABLE project_members
    ADD COLUMN declined_at timestamptz,
    ADD COLUMN withdraw_vote boolean NOT NULL DEFAULT false,
    ADD CHECK (accepted_at IS NULL OR declined_at IS NULL);
CREATE INDEX project_members_withdraw ON project_members (project_id) WHERE withdraw_vote;

-- migrate:down
-- Forward only: restore a backup instead.
