-- Live: who carried a batch and whether to people, which nights may go to them, and what halted by itself.

ALTER TABLE batch ADD COLUMN provider VARCHAR;
ALTER TABLE batch ADD COLUMN live BOOLEAN DEFAULT false;
ALTER TABLE batch ALTER COLUMN live SET NOT NULL;
ALTER TABLE batch ADD COLUMN on_day DATE;

CREATE TABLE clearance (night DATE PRIMARY KEY, cleared_at TIMESTAMP NOT NULL, mover VARCHAR NOT NULL);

CREATE TABLE awaiting (
    night DATE NOT NULL, journey VARCHAR NOT NULL, touch VARCHAR NOT NULL, channel VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, why VARCHAR NOT NULL, PRIMARY KEY (night, journey, touch, channel)
);

CREATE TABLE approved_text (
    journey VARCHAR NOT NULL, touch VARCHAR NOT NULL, channel VARCHAR NOT NULL, digest VARCHAR NOT NULL,
    approved_at TIMESTAMP NOT NULL, PRIMARY KEY (journey, touch, channel)
);

CREATE TABLE released (kind VARCHAR NOT NULL, name VARCHAR NOT NULL, released_at TIMESTAMP NOT NULL, PRIMARY KEY (kind, name));

CREATE TABLE silence (message_id UUID PRIMARY KEY, fence INTEGER NOT NULL, since TIMESTAMP NOT NULL);
