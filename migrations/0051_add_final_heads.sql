-- migrate:up

-- The sum of vote_heads.version when the results were verified. It grows with every event that is
-- persisted, so that nobody has to count the event log to see whether it has more events by now.
ALTER TABLE final_results ADD COLUMN heads numeric NOT NULL DEFAULT 0;

-- migrate:down
-- Forward only: restore a backup instead.
