-- migrate:up

-- The next delivery is the first row of an index, however many wait; so is the last one that ended.
DROP INDEX webhook_deliveries_due;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, event_id)
    WHERE ended_at IS NULL;
DROP INDEX webhook_deliveries_given_up;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (webhook_id, ended_at)
    WHERE ended_at IS NOT NULL;

-- migrate:down
-- Forward only: restore a backup instead.
