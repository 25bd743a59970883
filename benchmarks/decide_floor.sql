-- The floor of `benchmarks.decide`: what somebody would write by hand for this one night (2026-10-13), these three
-- journeys and a database without any earlier night. Everything is a constant: no journey objects, no rule helpers,
-- no window calendar. It must write the same rows as the engine; the benchmark compares them.

BEGIN;

-- take in, score ------------------------------------------------------------------------------------------------
CREATE TEMP TABLE weight AS SELECT * FROM (VALUES
    ('content.downloaded', 5, 30), ('content.shared', 8, 45), ('page.viewed', 1, 14), ('pricing.viewed', 4, 21),
    ('form.submitted', 6, 30), ('webinar.registered', 4, 30), ('webinar.attended', 12, 45), ('fair.scanned', 6, 60),
    ('visit.held', 15, 60), ('call.held', 8, 45), ('homework.handed_in', 12, 45), ('worksheet.completed', 10, 45),
    ('colleague.invited', 10, 60), ('trial.started', 15, 45), ('trial.step_done', 8, 30), ('email.replied', 10, 45),
    ('wecom.replied', 10, 45), ('question.asked', 10, 30), ('meeting.booked', 20, 60), ('link.clicked', 2, 14)
) v(kind, weight, half_life);

CREATE TEMP TABLE points AS
SELECT kind, DATE '2026-10-13' - age::INTEGER AS occurred_on,
       round_even(weight * pow(0.5::DOUBLE, age / half_life), 3)::DECIMAL(9, 3) AS points
FROM weight, range(1, 601) r(age) WHERE age <= half_life * 10;

UPDATE lead SET depth = d.depth FROM (
    SELECT i.lead_id, sum(p.points)::DECIMAL(18, 3) AS depth
    FROM interaction i JOIN points p ON p.kind = i.kind AND p.occurred_on = i.occurred_on GROUP BY i.lead_id
) d WHERE d.lead_id = lead.id;

UPDATE account SET depth = d.depth FROM (
    SELECT account_id, sum(depth)::DECIMAL(18, 3) AS depth FROM lead GROUP BY account_id
) d WHERE d.account_id = account.id;

-- what everybody did and allowed ------------------------------------------------------------------------------------
CREATE TEMP TABLE fact AS
SELECT lead_id,
    count(*) FILTER (kind = 'content.downloaded' AND recent) AS downloaded,
    count(*) FILTER (kind = 'webinar.attended' AND recent) AS attended,
    count(*) FILTER (kind = 'worksheet.completed' AND recent) AS worksheets,
    count(*) FILTER (kind = 'homework.handed_in' AND recent) AS homework,
    count(*) FILTER (kind = 'colleague.invited' AND recent) AS invited,
    count(*) FILTER (kind = 'trial.started' AND recent) AS trials,
    count(*) FILTER (kind = 'trial.step_done' AND recent) AS steps,
    count(*) FILTER (kind = 'meeting.booked' AND recent) AS meetings,
    count(*) FILTER (kind = 'contract.renewed' AND recent) AS renewals,
    count(*) FILTER (kind IN ('call.held', 'email.replied', 'fair.scanned', 'meeting.booked', 'question.asked',
        'visit.held', 'wecom.replied') AND occurred_on >= DATE '2026-10-13' - 30) AS talks,
    bool_or(kind IN ('email.replied', 'question.asked', 'wecom.replied') AND occurred_on >= DATE '2026-10-08') AS reply_open
FROM (SELECT *, occurred_on >= DATE '2026-10-13' - 90 AS recent FROM interaction WHERE occurred_on <= DATE '2026-10-13')
WHERE kind IN ('content.downloaded', 'webinar.attended', 'worksheet.completed', 'homework.handed_in', 'colleague.invited',
    'trial.started', 'trial.step_done', 'meeting.booked', 'contract.renewed', 'call.held', 'email.replied', 'fair.scanned',
    'question.asked', 'visit.held', 'wecom.replied')
GROUP BY lead_id;

CREATE TEMP TABLE allowed AS
SELECT lead_id, email, wecom, withdrew AND NOT email AND NOT wecom AS withdrawn FROM (
    SELECT lead_id,
        coalesce(max(occurred_at) FILTER (action <> 'withdrawn' AND proven AND scope = 'email')
            > coalesce(max(occurred_at) FILTER (action = 'withdrawn' AND scope = 'email'), TIMESTAMP '-infinity'), false) AS email,
        coalesce(max(occurred_at) FILTER (action <> 'withdrawn' AND proven AND scope = 'wecom')
            > coalesce(max(occurred_at) FILTER (action = 'withdrawn' AND scope = 'wecom'), TIMESTAMP '-infinity'), false) AS wecom,
        bool_or(action = 'withdrawn') AS withdrew
    FROM consent WHERE occurred_on < DATE '2026-10-13' GROUP BY lead_id);

-- enrol and move ----------------------------------------------------------------------------------------------------
CREATE TEMP TABLE walk AS
SELECT md5('enrolment|' || journey || '|' || lead_id || '|1')::UUID AS id, * FROM (
    SELECT l.id AS lead_id, l.account_id, l.owner_id, l.depth, l.email, l.wecom_id, l.email_hash, l.wecom_hash,
        coalesce(w.email, false) AS email_ok, coalesce(w.wecom, false) AS wecom_ok,
        coalesce(f.reply_open, false) AS reply_open, coalesce(f.trials, 0) AS trials, a.maintenance_ends,
        CASE WHEN l.lifecycle IN ('subscriber', 'lead') AND l.source IS DISTINCT FROM 'partner' AND l.depth >= 5
                  AND coalesce(f.meetings, 0) = 0 THEN 'product-trial'
             WHEN l.lifecycle = 'customer' AND a.maintenance_ends IS NOT NULL
                  AND l.role IN ('decision_maker', 'champion', 'procurement', 'finance')
                  AND coalesce(f.renewals, 0) = 0 THEN 'renewal'
             WHEN l.lifecycle = 'lapsed' AND coalesce(f.talks, 0) = 0
                  AND coalesce(f.meetings, 0) = 0 AND coalesce(f.trials, 0) = 0 THEN 'win-back' END AS journey,
        CASE WHEN NOT (coalesce(f.downloaded, 0) >= 2 OR coalesce(f.attended, 0) >= 1) THEN 0
             WHEN NOT (coalesce(f.worksheets, 0) >= 1 OR coalesce(f.homework, 0) >= 1 OR coalesce(f.invited, 0) >= 1) THEN 1
             WHEN NOT coalesce(f.steps, 0) >= 3 THEN 2 ELSE 3 END AS reached
    FROM lead l JOIN account a ON a.id = l.account_id
    LEFT JOIN fact f ON f.lead_id = l.id LEFT JOIN allowed w ON w.lead_id = l.id
    WHERE NOT l.disqualified AND NOT l.on_hold AND NOT coalesce(w.withdrawn, false)
) WHERE journey IS NOT NULL;

UPDATE walk SET reached = 0 WHERE journey <> 'product-trial';

CREATE TEMP TABLE stage AS SELECT * FROM (VALUES
    ('product-trial', 0, 'awareness',
     'downloaded material at least 2 times during the journey or attended a webinar during the journey',
     '旅程期间下载资料至少 2 次，或者旅程期间参加直播课'),
    ('product-trial', 1, 'application',
     'completed the ROI worksheet during the journey or handed in homework during the journey or invited a colleague during the journey',
     '旅程期间完成投入产出测算表，或者旅程期间提交作业，或者旅程期间邀请同事加入'),
    ('product-trial', 2, 'hands_on', 'finished a step of the trial at least 3 times during the journey',
     '旅程期间完成试用步骤至少 3 次'),
    ('product-trial', 3, 'q_and_a', '', ''), ('renewal', 0, 'value', '', ''), ('win-back', 0, 'listen', '', '')
) v(journey, position, key, onward, onward_zh);

INSERT INTO enrolment (id, journey, lead_id, number, entered_on, stage, stage_since, entries, fingerprint)
SELECT w.id, w.journey, w.lead_id, 1, DATE '2026-10-13', s.key, DATE '2026-10-13', 1 + w.reached,
       {fingerprint}
FROM walk w JOIN stage s ON s.journey = w.journey AND s.position = w.reached;

INSERT INTO stage_entry (enrolment_id, sequence, journey, lead_id, night, move, from_stage, to_stage, why, why_zh, fingerprint)
SELECT w.id, 1, w.journey, w.lead_id, DATE '2026-10-13', 'enrolled', NULL, s.key,
    CASE w.journey
        WHEN 'product-trial' THEN 'the lead''s source is not partner and the interaction depth is at least 5'
        WHEN 'renewal' THEN 'the end of maintenance is not missing and the lead''s role is one of decision maker, champion, procurement or finance'
        ELSE 'never spoke to us in the last 30 days' END,
    CASE w.journey
        WHEN 'product-trial' THEN '线索来源不是 partner，并且互动深度不低于 5'
        WHEN 'renewal' THEN '维保到期日不为空，并且线索角色是决策者、支持者、采购或财务'
        ELSE '最近 30 天内未与我们交流' END,
    {fingerprint}
FROM walk w JOIN stage s ON s.journey = w.journey AND s.position = 0;

INSERT INTO stage_entry (enrolment_id, sequence, journey, lead_id, night, move, from_stage, to_stage, why, why_zh, fingerprint)
SELECT w.id, 1 + w.step, w.journey, w.lead_id, DATE '2026-10-13', 'advanced', s.key, t.key, s.onward, s.onward_zh,
       {fingerprint}
FROM (SELECT *, unnest(range(1, reached + 1))::INTEGER AS step FROM walk WHERE reached > 0) w
JOIN stage s ON s.journey = w.journey AND s.position = w.step - 1
JOIN stage t ON t.journey = w.journey AND t.position = w.step;

UPDATE lead SET mark = 'nearly-qualified', marked_on = DATE '2026-10-13' FROM walk
WHERE walk.lead_id = lead.id AND walk.journey = 'product-trial' AND walk.reached >= 2;

-- choose --------------------------------------------------------------------------------------------------------
CREATE TEMP TABLE due AS
SELECT row_number() OVER () AS n, *,
    CASE WHEN internal OR (channel = 'email' AND email IS NOT NULL AND email_ok) THEN channel
         WHEN channel = 'wecom' AND wecom_id IS NOT NULL AND wecom_ok THEN 'wecom'
         WHEN channel = 'wecom' AND email IS NOT NULL AND email_ok THEN 'email' END AS goes
FROM (
    SELECT w.*, s.key AS stage, 1 + reached AS entry, t.touch, t.channel, false AS internal,
           DATE '2026-10-13' AS due, t.position,
           t.touch <> 'trial-start' OR trials = 0 AS wanted
    FROM walk w JOIN stage s ON s.journey = w.journey AND s.position = w.reached
    JOIN (VALUES ('awareness', 'checklist', 'email', 0), ('application', 'scenario-guide', 'email', 4),
                 ('hands_on', 'trial-start', 'email', 7), ('q_and_a', 'open-questions', 'email', 11),
                 ('listen', 'what-went-wrong', 'email', 0)) t(stage, touch, channel, position) ON t.stage = s.key
    UNION ALL
    SELECT w.*, 'value', 1, t.touch, t.channel, t.channel = 'staff', maintenance_ends - t.days, t.position, true
    FROM walk w JOIN (VALUES ('renewal', 'year-in-numbers', 'email', 60, 0), ('renewal', 'what-is-next', 'wecom', 45, 1),
                             ('renewal', 'renewal-call', 'staff', 30, 2), ('renewal', 'last-questions', 'email', 14, 3)
    ) t(journey, touch, channel, days, position) ON t.journey = w.journey WHERE maintenance_ends - t.days <= DATE '2026-10-13'
    UNION ALL
    SELECT w.*, 'hands_on', 3, '@nearly-qualified', 'staff', true, DATE '2026-10-13', -1, true
    FROM walk w WHERE journey = 'product-trial' AND reached >= 2
);

CREATE TEMP TABLE judged AS
SELECT *, CASE WHEN due < DATE '2026-10-13' - 7 THEN 'past_grace' WHEN NOT wanted THEN 'only_if' WHEN goes IS NOT NULL THEN ''
    WHEN channel = 'email' THEN CASE WHEN email IS NULL THEN 'no_address' ELSE 'no_consent' END
    WHEN wecom_id IS NULL AND email IS NULL THEN 'no_address' ELSE 'no_consent' END AS reason,
    md5('message|' || journey || '|' || lead_id || '|' || touch || '|1|' || CASE WHEN goes IS DISTINCT FROM channel THEN 1 ELSE 0 END)::UUID AS message,
    CASE goes WHEN 'email' THEN email_hash WHEN 'wecom' THEN wecom_hash END AS hash
FROM due;

UPDATE judged SET reason = 'newer_touch' FROM (
    SELECT n, row_number() OVER (PARTITION BY lead_id ORDER BY due DESC, position DESC) AS nth
    FROM judged WHERE reason = '' AND NOT internal) r
WHERE r.n = judged.n AND r.nth > 1;

UPDATE judged SET reason = 'reply_open' WHERE reason = '' AND NOT internal AND reply_open;

UPDATE judged SET reason = 'shared_mailbox' FROM (
    SELECT n, row_number() OVER (PARTITION BY goes, hash, journey, touch ORDER BY depth DESC, lead_id) AS nth
    FROM judged WHERE reason = '' AND NOT internal) r
WHERE r.n = judged.n AND r.nth > 1;

UPDATE judged SET reason = 'account_day_cap' FROM (
    SELECT n, row_number() OVER (PARTITION BY account_id ORDER BY depth DESC, lead_id) AS nth
    FROM judged WHERE reason = '' AND NOT internal) r
WHERE r.n = judged.n AND r.nth > 5;

UPDATE judged SET reason = 'employee_day_cap' FROM (
    SELECT n, row_number() OVER (PARTITION BY owner_id ORDER BY depth DESC, lead_id, touch) AS nth
    FROM judged WHERE reason = '' AND internal) r
WHERE r.n = judged.n AND r.nth > 20;

INSERT INTO message (id, journey, stage, touch, enrolment_id, enrolment_number, entry, leg, channel, internal, lead_id,
    account_id, owner_id, address_hash, night, state, send_day, not_before, not_after, expires_on, fingerprint,
    kind, subject)
SELECT message, journey, stage, CASE WHEN position < 0 THEN '' ELSE touch END, id, 1, entry, CASE WHEN goes <> channel THEN 1 ELSE 0 END, goes, internal, lead_id,
    account_id, CASE WHEN internal THEN owner_id END, hash, DATE '2026-10-13', 'planned', DATE '2026-10-13',
    TIMESTAMP '2026-10-13 01:00:00' + to_seconds(('0x' || right(message::VARCHAR, 8))::BIGINT % 7200),
    TIMESTAMP '2026-10-13 10:00:00', DATE '2026-10-20', {fingerprint},
    CASE WHEN position < 0 THEN 'mark_notice' ELSE 'touch' END, CASE WHEN position < 0 THEN 'nearly-qualified' ELSE '' END
FROM judged w WHERE reason = '';

INSERT INTO decision (night, enrolment_id, touch, journey, stage, lead_id, due, verdict, reason, leg, channel, not_before, message_id,
    kind, subject)
SELECT DATE '2026-10-13', id, CASE WHEN position < 0 THEN '' ELSE touch END, journey, stage, lead_id, due,
    CASE WHEN reason = '' THEN 'planned' WHEN reason = 'past_grace' THEN 'stale' WHEN reason = 'newer_touch' THEN 'superseded'
         WHEN reason IN ('reply_open', 'account_day_cap', 'employee_day_cap') THEN 'postponed' ELSE 'refused' END,
    reason,
    CASE WHEN reason = '' THEN CASE WHEN goes <> channel THEN 1 ELSE 0 END END, CASE WHEN reason = '' THEN goes END,
    CASE WHEN reason = '' THEN
        TIMESTAMP '2026-10-13 01:00:00' + to_seconds(('0x' || right(message::VARCHAR, 8))::BIGINT % 7200) END,
    CASE WHEN reason = '' THEN message END,
    CASE WHEN position < 0 THEN 'mark_notice' ELSE 'touch' END, CASE WHEN position < 0 THEN 'nearly-qualified' ELSE '' END
FROM judged;

COMMIT;
