-- The first schema. No foreign keys: DuckDB checks them row by row and then forbids updates of the
-- referenced rows; `nurture audit` proves the references as sets. No primary key on the big, append-only
-- tables (interaction, decision, stage_entry): their index would cost more than the rows; `audit` proves
-- uniqueness there too. Times are UTC.

CREATE TABLE meta (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

CREATE TABLE account (
    id UUID PRIMARY KEY, external_id VARCHAR NOT NULL, name VARCHAR NOT NULL, industry VARCHAR,
    employees INTEGER, country VARCHAR, city VARCHAR, plan VARCHAR, maintenance_ends DATE,
    depth DECIMAL(18, 3) NOT NULL
);

CREATE TABLE staff (
    id UUID PRIMARY KEY, external_id VARCHAR NOT NULL, name VARCHAR NOT NULL, email VARCHAR,
    wecom_userid VARCHAR, title VARCHAR, country VARCHAR, timezone VARCHAR
);

CREATE TABLE lead (
    id UUID PRIMARY KEY, external_id VARCHAR NOT NULL, account_id UUID, owner_id UUID, name VARCHAR NOT NULL,
    email VARCHAR, mobile VARCHAR, wecom_id VARCHAR,
    email_hash VARCHAR, mobile_hash VARCHAR, wecom_hash VARCHAR,
    role VARCHAR, language VARCHAR, country VARCHAR, timezone VARCHAR, source VARCHAR,
    lifecycle VARCHAR NOT NULL, on_hold BOOLEAN NOT NULL, disqualified BOOLEAN NOT NULL,
    mark VARCHAR, marked_on DATE, depth DECIMAL(18, 3) NOT NULL
);

CREATE TABLE identity (
    kind VARCHAR NOT NULL, value VARCHAR NOT NULL, lead_id UUID NOT NULL, seen_at TIMESTAMP NOT NULL
);

CREATE TABLE consent (
    id UUID PRIMARY KEY, lead_id UUID NOT NULL, scope VARCHAR NOT NULL, action VARCHAR NOT NULL,
    occurred_at TIMESTAMP NOT NULL, occurred_on DATE NOT NULL, recorded_at TIMESTAMP NOT NULL,
    source VARCHAR, wording VARCHAR, evidence VARCHAR, proven BOOLEAN NOT NULL
);

CREATE TABLE suppression (
    address_hash VARCHAR NOT NULL, scope VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    since TIMESTAMP NOT NULL, source VARCHAR NOT NULL, PRIMARY KEY (address_hash, scope)
);

CREATE SEQUENCE interaction_id;

CREATE TABLE interaction (
    id BIGINT NOT NULL DEFAULT nextval('interaction_id'), key UUID NOT NULL, lead_id UUID NOT NULL,
    kind VARCHAR NOT NULL, about VARCHAR, source VARCHAR,
    occurred_at TIMESTAMP NOT NULL, occurred_on DATE NOT NULL, seen_at TIMESTAMP NOT NULL
);

CREATE TABLE enrolment (
    id UUID PRIMARY KEY, journey VARCHAR NOT NULL, lead_id UUID NOT NULL, number INTEGER NOT NULL,
    entered_on DATE NOT NULL, stage VARCHAR NOT NULL, stage_since DATE NOT NULL, entries INTEGER NOT NULL,
    left_on DATE, exit_reason VARCHAR,
    fingerprint VARCHAR NOT NULL
);

CREATE TABLE stage_entry (
    enrolment_id UUID NOT NULL, sequence INTEGER NOT NULL, journey VARCHAR NOT NULL, lead_id UUID NOT NULL,
    night DATE NOT NULL, move VARCHAR NOT NULL, from_stage VARCHAR, to_stage VARCHAR,
    why VARCHAR NOT NULL, why_zh VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL
);

CREATE TABLE message (
    id UUID PRIMARY KEY, journey VARCHAR NOT NULL, stage VARCHAR NOT NULL, touch VARCHAR NOT NULL,
    enrolment_id UUID NOT NULL, enrolment_number INTEGER NOT NULL, entry INTEGER NOT NULL, leg INTEGER NOT NULL,
    channel VARCHAR NOT NULL, internal BOOLEAN NOT NULL,
    lead_id UUID NOT NULL, account_id UUID, owner_id UUID, address_hash VARCHAR,
    night DATE NOT NULL, state VARCHAR NOT NULL, send_day DATE NOT NULL,
    not_before TIMESTAMP NOT NULL, not_after TIMESTAMP NOT NULL, expires_on DATE NOT NULL,
    fingerprint VARCHAR NOT NULL
);

CREATE TABLE decision (
    night DATE NOT NULL, enrolment_id UUID NOT NULL, touch VARCHAR NOT NULL, journey VARCHAR NOT NULL,
    stage VARCHAR NOT NULL, lead_id UUID NOT NULL, due DATE NOT NULL,
    verdict VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    leg INTEGER, channel VARCHAR, not_before TIMESTAMP, message_id UUID
);

CREATE TABLE decision_history (
    enrolment_id UUID NOT NULL, touch VARCHAR NOT NULL, verdict VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    journey VARCHAR NOT NULL, lead_id UUID NOT NULL,
    first_night DATE NOT NULL, last_night DATE NOT NULL, nights INTEGER NOT NULL
);

CREATE TABLE run (
    night DATE NOT NULL, journey VARCHAR NOT NULL, step VARCHAR NOT NULL, closed_at TIMESTAMP NOT NULL,
    seen_until TIMESTAMP,
    lead_per_day INTEGER, lead_per_7_days INTEGER, account_per_day INTEGER, employee_per_day INTEGER,
    left_journey INTEGER NOT NULL, enrolled INTEGER NOT NULL, advanced INTEGER NOT NULL,
    fell_back INTEGER NOT NULL, considered INTEGER NOT NULL, planned INTEGER NOT NULL,
    postponed INTEGER NOT NULL, refused INTEGER NOT NULL, superseded INTEGER NOT NULL,
    stale INTEGER NOT NULL, expired INTEGER NOT NULL, PRIMARY KEY (night, journey, step)
);

-- For analysts. Names here are promises: notebooks and dashboards read them.

CREATE VIEW lead_stage AS
SELECT e.lead_id, l.external_id, l.account_id, l.lifecycle, l.depth, e.journey, e.stage, e.stage_since,
       e.entered_on, e.left_on, e.exit_reason
FROM enrolment e JOIN lead l ON l.id = e.lead_id
QUALIFY row_number() OVER (PARTITION BY e.lead_id ORDER BY e.left_on IS NOT NULL, e.entered_on DESC, e.journey) = 1;

CREATE VIEW stage_history AS
SELECT s.*, lead(s.night) OVER (PARTITION BY s.enrolment_id ORDER BY s.sequence) - s.night AS nights_there
FROM stage_entry s;

CREATE VIEW funnel AS
SELECT journey, to_stage AS stage, count(DISTINCT lead_id) AS reached,
       median(nights_there) AS median_nights
FROM stage_history WHERE to_stage IS NOT NULL GROUP BY ALL;

CREATE VIEW touch_performance AS
SELECT journey, stage, touch, channel, count(*) AS messages,
       count(*) FILTER (state = 'accepted') AS accepted,
       count(*) FILTER (state IN ('planned', 'held', 'claimed', 'attempting', 'waiting')) AS on_their_way,
       count(*) FILTER (state = 'unknown') AS unknown,
       count(*) FILTER (state IN ('rejected', 'declined', 'cancelled', 'expired', 'suppressed', 'abandoned'))
           AS never_sent
FROM message GROUP BY ALL;
