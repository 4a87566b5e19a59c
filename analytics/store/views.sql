-- What the queries share; made anew at every opening, so a change needs no migration.
-- Days are those of the patient's own time zone, and what crosses midnight is shared between two.

CREATE OR REPLACE MACRO moment(started_at, offset_s) AS
    started_at + to_microseconds(CAST(round(offset_s * 1e6) AS BIGINT));

CREATE OR REPLACE MACRO local_time(utc, zone) AS timezone(zone, timezone('UTC', utc));

CREATE OR REPLACE MACRO minutes_between(earlier, later) AS
    date_diff('microsecond', earlier, later) / 6e7;

-- Each version of a prescription with the day the next one takes over.
CREATE OR REPLACE VIEW plans AS
SELECT *, lead(valid_from) OVER (PARTITION BY patient_id ORDER BY version) AS valid_until
FROM prescriptions;

CREATE OR REPLACE VIEW patient_sessions AS
SELECT s.*, p.time_zone
FROM sessions AS s JOIN patients AS p USING (patient_id);

CREATE OR REPLACE VIEW patient_repetitions AS
SELECT s.patient_id, CAST(local_time(moment(s.started_at, r.start_s), s.time_zone) AS DATE) AS day,
    r.hold_end_s - r.hold_start_s AS hold_s, r.peak_deg
FROM repetitions AS r JOIN patient_sessions AS s USING (recording_id)
WHERE NOT r.partial;

CREATE OR REPLACE VIEW patient_falls AS
SELECT s.patient_id, s.recording_id, moment(s.started_at, f.impact_s) AS fell_at,
    CAST(local_time(moment(s.started_at, f.impact_s), s.time_zone) AS DATE) AS day,
    f.impact_s, f.probability, f.peak_g, f.posture_after, f.inactive_s
FROM falls AS f JOIN patient_sessions AS s USING (recording_id);

-- Extension in a lying posture; standing and leaning back is no positioning.
CREATE OR REPLACE VIEW patient_extension AS
SELECT s.patient_id, e.mean_deg, e.peak_deg,
    local_time(moment(s.started_at, e.start_s), s.time_zone) AS start_at,
    local_time(moment(s.started_at, e.end_s), s.time_zone) AS end_at
FROM extension_bouts AS e JOIN patient_sessions AS s USING (recording_id)
WHERE e.posture IN ('supine', 'prone');

-- Extension with the band prescribed on its day; null where none was.
CREATE OR REPLACE VIEW extension_and_band AS
SELECT e.*, i.band_low_deg, i.band_high_deg, i.alarm_deg
FROM patient_extension AS e
LEFT JOIN plans AS p
    ON p.patient_id = e.patient_id AND CAST(e.start_at AS DATE) >= p.valid_from
    AND (p.valid_until IS NULL OR CAST(e.start_at AS DATE) < p.valid_until)
LEFT JOIN prescribed_items AS i
    ON i.patient_id = p.patient_id AND i.version = p.version AND i.evidence = 'extension';

CREATE OR REPLACE VIEW spans AS
SELECT patient_id, 'recorded' AS what, local_time(started_at, time_zone) AS start_at,
    local_time(moment(started_at, duration_s), time_zone) AS end_at
FROM patient_sessions
UNION ALL
SELECT s.patient_id, 'not_worn', local_time(moment(s.started_at, w.start_s), s.time_zone),
    local_time(moment(s.started_at, w.end_s), s.time_zone)
FROM wear_bouts AS w JOIN patient_sessions AS s USING (recording_id)
WHERE w.state = 'not_worn'
UNION ALL
SELECT s.patient_id, 'upright', local_time(moment(s.started_at, b.start_s), s.time_zone),
    local_time(moment(s.started_at, b.end_s), s.time_zone)
FROM postures AS b JOIN patient_sessions AS s USING (recording_id)
WHERE b.posture = 'upright' AND s.kind = 'day'
UNION ALL
SELECT s.patient_id, 'day', local_time(s.started_at, s.time_zone),
    local_time(moment(s.started_at, s.duration_s), s.time_zone)
FROM patient_sessions AS s
WHERE s.kind = 'day'
UNION ALL
SELECT patient_id, 'extension', start_at, end_at
FROM extension_and_band
WHERE band_low_deg IS NULL OR mean_deg BETWEEN band_low_deg AND band_high_deg;

CREATE OR REPLACE VIEW span_days AS
SELECT patient_id, what, CAST(midnight AS DATE) AS day,
    minutes_between(greatest(start_at, midnight), least(end_at, midnight + INTERVAL 1 DAY)) AS span_min
FROM (
    SELECT *, unnest(generate_series(
        date_trunc('day', start_at), date_trunc('day', end_at), INTERVAL 1 DAY)) AS midnight
    FROM spans
);

CREATE OR REPLACE VIEW daily_minutes AS
SELECT patient_id, day,
    coalesce(sum(span_min) FILTER (what = 'recorded'), 0) AS recorded_min,
    coalesce(sum(span_min) FILTER (what = 'not_worn'), 0) AS not_worn_min,
    coalesce(sum(span_min) FILTER (what = 'extension'), 0) AS extension_min,
    sum(span_min) FILTER (what = 'day') AS day_min,
    sum(span_min) FILTER (what = 'upright') AS upright_min
FROM span_days
GROUP BY patient_id, day;

CREATE OR REPLACE VIEW daily_repetitions AS
SELECT patient_id, day, count(*) AS repetitions
FROM patient_repetitions
GROUP BY patient_id, day;

CREATE OR REPLACE VIEW last_reports AS
SELECT patient_id, day, item_id, arg_max(amount, entered_at) AS amount
FROM reports
GROUP BY patient_id, day, item_id;

-- Every prescribed item of every day from first_day up to, not including, end_day.
CREATE OR REPLACE MACRO item_days(first_day, end_day) AS TABLE
WITH calendar AS (
    SELECT CAST(unnest(generate_series(
        CAST(first_day AS TIMESTAMP), end_day - INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day
)
SELECT p.patient_id, c.day, p.index_date, i.item_id, i.title, i.kind, i.unit, i.evidence,
    i.per_day, i.hold_s, i.cap_per_day, i.position,
    CASE i.evidence
        WHEN 'bridges' THEN coalesce(r.repetitions, 0)
        WHEN 'extension' THEN coalesce(m.extension_min, 0)
        ELSE s.amount
    END AS done,
    coalesce(m.recorded_min, 0) > 0 AS recorded,
    coalesce(m.recorded_min - m.not_worn_min, 0) > 0.1 AS worn
FROM plans AS p
JOIN calendar AS c ON c.day >= p.valid_from AND (p.valid_until IS NULL OR c.day < p.valid_until)
JOIN prescribed_items AS i ON i.patient_id = p.patient_id AND i.version = p.version
LEFT JOIN daily_minutes AS m ON m.patient_id = p.patient_id AND m.day = c.day
LEFT JOIN daily_repetitions AS r ON r.patient_id = p.patient_id AND r.day = c.day
LEFT JOIN last_reports AS s
    ON s.patient_id = p.patient_id AND s.day = c.day AND s.item_id = i.item_id;
