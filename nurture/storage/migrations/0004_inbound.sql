-- What comes back: signals about messages, replies, wishes, and how far the spool was applied. The big, append-only
-- table (signal) has no index; `audit` proves that its keys are unique.

CREATE TABLE signal (
    key UUID NOT NULL, event_key UUID, kind VARCHAR NOT NULL, meaning VARCHAR NOT NULL,
    named UUID, provider_id VARCHAR, address_hash VARCHAR, message_id UUID, sure BOOLEAN NOT NULL,
    target VARCHAR, machine BOOLEAN,
    occurred_at TIMESTAMP NOT NULL, occurred_on DATE NOT NULL, seen_at TIMESTAMP NOT NULL
);

CREATE TABLE reply (
    id UUID PRIMARY KEY, message_id UUID NOT NULL, lead_id UUID NOT NULL, received_at TIMESTAMP NOT NULL,
    subject VARCHAR NOT NULL, body VARCHAR NOT NULL, sender_known BOOLEAN NOT NULL, card_id UUID
);

CREATE TABLE preference (
    lead_id UUID PRIMARY KEY, email_off BOOLEAN NOT NULL, wecom_off BOOLEAN NOT NULL, phone_off BOOLEAN NOT NULL,
    paused_until DATE, language VARCHAR, impersonal BOOLEAN NOT NULL, asked_at TIMESTAMP NOT NULL
);

CREATE TABLE topic_off (lead_id UUID NOT NULL, topic VARCHAR NOT NULL);

CREATE TABLE spool_file (name VARCHAR PRIMARY KEY, read_until BIGINT NOT NULL);

CREATE TABLE spool_line (id VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL);

-- A lead with what they asked for on the preferences page.
CREATE VIEW reader AS
SELECT lead.*, p.language AS wished_language,
       coalesce(p.impersonal, false) AS impersonal, p.paused_until,
       coalesce(p.email_off, false) AS email_off, coalesce(p.wecom_off, false) AS wecom_off,
       coalesce(p.phone_off, false) AS phone_off
FROM lead LEFT JOIN preference p ON p.lead_id = lead.id;

-- For analysts. Names here are promises: notebooks and dashboards read them.

CREATE VIEW message_fact AS
SELECT message_id,
       min(occurred_at) FILTER (kind = 'delivered') AS delivered_at,
       min(occurred_at) FILTER (kind = 'opened' AND NOT coalesce(machine, true)) AS opened_at,
       min(occurred_at) FILTER (kind = 'clicked' AND NOT coalesce(machine, true)) AS clicked_at,
       min(occurred_at) FILTER (kind = 'replied') AS replied_at,
       min(occurred_at) FILTER (kind IN ('bounced', 'dropped')) AS bounced_at,
       min(occurred_at) FILTER (kind = 'complained') AS complained_at,
       min(occurred_at) FILTER (kind = 'left') AS left_at,
       count(*) FILTER (kind = 'opened' AND NOT coalesce(machine, true)) AS opens,
       count(*) FILTER (kind = 'clicked' AND NOT coalesce(machine, true)) AS clicks,
       count(*) FILTER (kind IN ('clicked', 'trapped', 'opened') AND machine) AS machine_signals
FROM signal WHERE message_id IS NOT NULL AND sure GROUP BY message_id;

CREATE OR REPLACE VIEW touch_performance AS
SELECT m.journey, m.stage, m.touch, m.channel, count(*) AS messages,
       count(*) FILTER (m.state = 'accepted') AS accepted,
       count(*) FILTER (m.state IN ('planned', 'held', 'claimed', 'attempting', 'waiting')) AS on_their_way,
       count(*) FILTER (m.state = 'unknown') AS unknown,
       count(*) FILTER (m.state IN ('rejected', 'declined', 'cancelled', 'expired', 'suppressed', 'abandoned'))
           AS never_sent,
       count(f.delivered_at) AS delivered, count(f.opened_at) AS opened, count(f.clicked_at) AS clicked,
       count(f.replied_at) AS replied, count(f.bounced_at) AS bounced, count(f.complained_at) AS complained
FROM message m LEFT JOIN message_fact f ON f.message_id = m.id
GROUP BY m.journey, m.stage, m.touch, m.channel;
