-- Restoring: the messages of which it is proved that they did not leave in the time that a restore took away.

CREATE TABLE absence (message_id UUID PRIMARY KEY, proved_at TIMESTAMP NOT NULL, why VARCHAR NOT NULL);
