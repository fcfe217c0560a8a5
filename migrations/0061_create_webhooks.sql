-- migrate:up

-- A webhook: an address that the worker tells what happens. `events` are the types that it wants.
CREATE TABLE webhooks (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url         text        NOT NULL CHECK (char_length(url) BETWEEN 1 AND 2000),
    secret      text        NOT NULL, -- as it is, since the worker signs with it
    events      text[]      NOT NULL CHECK (cardinality(events) > 0),
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz           -- its receiver has answered 410 Gone
);

-- What happened, written in the transaction of the change. Those of one subject are sent in their order.
CREATE TABLE webhook_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text        NOT NULL UNIQUE DEFAULT 'msg_' || replace(gen_random_uuid()::text, '-', ''),
    type       text        NOT NULL,
    subject    text        NOT NULL, -- such as "project 12" or "voting"
    body       text        NOT NULL, -- the JSON that is sent, the same on every try
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_events_created ON webhook_events (created_at);

-- One event for one webhook. It is open until `ended_at`, when it was delivered or given up.
CREATE TABLE webhook_deliveries (
    webhook_id bigint      NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event_id   bigint      NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    subject    text        NOT NULL,
    tries      integer     NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL DEFAULT now(), -- of the next try; while one is under way, its latest end
    problem    text,                               -- why the last try failed
    ended_at   timestamptz,
    given_up   boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE ended_at IS NULL;
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (webhook_id, subject, event_id)
    WHERE ended_at IS NULL;
CREATE INDEX webhook_deliveries_given_up ON webhook_deliveries (webhook_id, ended_at) WHERE given_up;
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);

-- The phase of voting that was announced last, and its end. Null: none yet.
CREATE TABLE announced_voting (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    phase      text CHECK (phase IN ('before', 'open', 'ended')),
    vote_until timestamptz
);
INSERT INTO announced_voting DEFAULT VALUES;

-- migrate:down
-- Forward only: restore a backup instead.
