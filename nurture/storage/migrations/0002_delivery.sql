-- Delivery: what was rendered for a message, who is sending it, every move of its state, and what is paused.

ALTER TABLE message ADD COLUMN resend INTEGER DEFAULT 0;
ALTER TABLE message ALTER COLUMN resend SET NOT NULL;
ALTER TABLE message ADD COLUMN revision INTEGER DEFAULT 1;
ALTER TABLE message ALTER COLUMN revision SET NOT NULL;
ALTER TABLE message ADD COLUMN payload_hash VARCHAR;
ALTER TABLE message ADD COLUMN payload_file VARCHAR;
ALTER TABLE message ADD COLUMN fence INTEGER DEFAULT 0;
ALTER TABLE message ALTER COLUMN fence SET NOT NULL;
ALTER TABLE message ADD COLUMN batch_id UUID;
ALTER TABLE message ADD COLUMN provider_id VARCHAR;
ALTER TABLE message ADD COLUMN moved_at TIMESTAMP;

CREATE TABLE message_move (
    message_id UUID NOT NULL, fence INTEGER NOT NULL, from_state VARCHAR NOT NULL, to_state VARCHAR NOT NULL,
    moved_at TIMESTAMP NOT NULL, mover VARCHAR NOT NULL, why VARCHAR NOT NULL
);

CREATE TABLE batch (
    id UUID PRIMARY KEY, channel VARCHAR NOT NULL, holder VARCHAR NOT NULL, lease_until DOUBLE NOT NULL,
    claimed_at TIMESTAMP NOT NULL
);

CREATE TABLE pause (
    kind VARCHAR NOT NULL, name VARCHAR NOT NULL, since TIMESTAMP NOT NULL, mover VARCHAR NOT NULL,
    why VARCHAR NOT NULL, PRIMARY KEY (kind, name)
);

ALTER TABLE run ADD COLUMN rendered INTEGER DEFAULT 0;
ALTER TABLE run ALTER COLUMN rendered SET NOT NULL;
ALTER TABLE run ADD COLUMN render_errors INTEGER DEFAULT 0;
ALTER TABLE run ALTER COLUMN render_errors SET NOT NULL;
