-- Kinds: what a message is, and what it is about where that is no touch of a stage. A message may lie outside journeys.
-- Ids stay as they are. First every change of a table, then of rows: DuckDB wants it so.

ALTER TABLE message ADD COLUMN kind VARCHAR DEFAULT 'touch';
ALTER TABLE message ALTER COLUMN kind SET NOT NULL;
ALTER TABLE message ADD COLUMN subject VARCHAR DEFAULT '';
ALTER TABLE message ALTER COLUMN subject SET NOT NULL;
ALTER TABLE message ALTER COLUMN enrolment_id DROP NOT NULL;
ALTER TABLE message ALTER COLUMN enrolment_number DROP NOT NULL;
ALTER TABLE message ALTER COLUMN entry DROP NOT NULL;
ALTER TABLE decision ADD COLUMN kind VARCHAR DEFAULT 'touch';
ALTER TABLE decision ALTER COLUMN kind SET NOT NULL;
ALTER TABLE decision ADD COLUMN subject VARCHAR DEFAULT '';
ALTER TABLE decision ALTER COLUMN subject SET NOT NULL;
ALTER TABLE decision_history ADD COLUMN kind VARCHAR DEFAULT 'touch';
ALTER TABLE decision_history ALTER COLUMN kind SET NOT NULL;
ALTER TABLE decision_history ADD COLUMN subject VARCHAR DEFAULT '';
ALTER TABLE decision_history ALTER COLUMN subject SET NOT NULL;

CREATE MACRO kind_before_kinds(touch) AS CASE WHEN touch = '@goal' THEN 'goal_notice'
    WHEN starts_with(touch, '@reply:') THEN 'reply_card' ELSE 'mark_notice' END;
CREATE MACRO subject_before_kinds(touch) AS CASE WHEN touch = '@goal' THEN ''
    WHEN starts_with(touch, '@reply:') THEN touch[8:] ELSE touch[2:] END;

UPDATE message SET kind = kind_before_kinds(touch), subject = subject_before_kinds(touch), touch = '' WHERE touch[1] = '@';
UPDATE decision SET kind = kind_before_kinds(touch), subject = subject_before_kinds(touch), touch = '' WHERE touch[1] = '@';
UPDATE decision_history SET kind = kind_before_kinds(touch), subject = subject_before_kinds(touch), touch = ''
    WHERE touch[1] = '@';
INSERT OR IGNORE INTO pause
    SELECT kind, split_part(name, '/@', 1) || '/' || kind_before_kinds('@' || split_part(name, '/@', 2)), since, mover, why
    FROM pause WHERE kind = 'touch' AND contains(name, '/@');
DELETE FROM pause WHERE kind = 'touch' AND contains(name, '/@');

-- The step that folds decisions is called so.
INSERT INTO run BY NAME SELECT * REPLACE ('fold_decisions' AS step) FROM run WHERE step = 'report';
DELETE FROM run WHERE step = 'report';

DROP MACRO kind_before_kinds;
DROP MACRO subject_before_kinds;

-- For analysts. Names here are promises: notebooks and dashboards read them.

CREATE OR REPLACE VIEW touch_performance AS
SELECT m.journey, m.stage, m.touch, m.channel, count(*) AS messages,
       count(*) FILTER (m.state = 'accepted') AS accepted,
       count(*) FILTER (m.state IN ('planned', 'held', 'claimed', 'attempting', 'waiting')) AS on_their_way,
       count(*) FILTER (m.state = 'unknown') AS unknown,
       count(*) FILTER (m.state IN ('rejected', 'declined', 'cancelled', 'expired', 'suppressed', 'abandoned'))
           AS never_sent,
       count(f.delivered_at) AS delivered, count(f.opened_at) AS opened, count(f.clicked_at) AS clicked,
       count(f.replied_at) AS replied, count(f.bounced_at) AS bounced, count(f.complained_at) AS complained, m.kind
FROM message m LEFT JOIN message_fact f ON f.message_id = m.id
GROUP BY m.journey, m.stage, m.kind, m.touch, m.channel;
