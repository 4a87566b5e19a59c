-- What the queries share; made anew at every opening, so a change needs no migration.

-- Whole weeks since the index date, negative before it.
CREATE OR REPLACE MACRO week_of(day, index_date) AS CAST(floor((day - index_date) / 7) AS BIGINT);

-- Each version of a prescription with the day the next one takes over.
CREATE OR REPLACE VIEW plans AS
SELECT *, lead(valid_from) OVER (PARTITION BY patient_id ORDER BY version) AS valid_until
FROM prescriptions;

CREATE OR REPLACE VIEW patient_falls AS
SELECT s.patient_id, f.*, s.started_at
FROM falls AS f JOIN sessions AS s USING (recording_id);

-- Extension in a lying posture, its minutes in the prescribed band. Standing and leaning back is no
-- positioning.
CREATE OR REPLACE VIEW lying_extension AS
SELECT recording_id, s.patient_id, e.day, e.in_band_s / 60 AS extension_min,
    e.mean_deg > s.over_deg AS too_far
FROM extension_bouts AS e
JOIN sessions AS s USING (recording_id)
WHERE e.posture IN ('supine', 'prone');

CREATE OR REPLACE VIEW daily_extension AS
SELECT patient_id, day, sum(extension_min) AS extension_min
FROM lying_extension
GROUP BY patient_id, day;

CREATE OR REPLACE VIEW daily_totals AS
SELECT patient_id, day, sum(recorded_min) AS recorded_min, sum(not_worn_min) AS not_worn_min,
    sum(upright_min) AS upright_min, sum(bed_rest_min) AS bed_rest_min, sum(times_up) AS times_up,
    sum(repetitions) AS repetitions, sum(back_extensions) AS back_extensions,
    sum(sit_to_stands) AS sit_to_stands
FROM session_days
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
SELECT p.patient_id, c.day, i.position, i.item_id, i.title, i.unit, i.evidence, i.per_day,
    i.days_per_week, i.hold_s, i.cap_per_day,
    CASE i.evidence
        WHEN 'bridges' THEN coalesce(t.repetitions, 0)
        WHEN 'back_extensions' THEN coalesce(t.back_extensions, 0)
        WHEN 'sit_to_stands' THEN coalesce(t.sit_to_stands, 0)
        WHEN 'extension' THEN coalesce(e.extension_min, 0)
        ELSE r.amount
    END AS done,
    coalesce(t.recorded_min, 0) > 0 AS recorded,
    -- taking the sensor to the table, a tenth of the time at most, is not wearing it
    coalesce(t.recorded_min - t.not_worn_min > 0.1 * t.recorded_min, false) AS worn
FROM plans AS p
JOIN calendar AS c ON c.day >= p.valid_from AND (p.valid_until IS NULL OR c.day < p.valid_until)
JOIN prescribed_items AS i ON i.patient_id = p.patient_id AND i.version = p.version
LEFT JOIN daily_totals AS t ON t.patient_id = p.patient_id AND t.day = c.day
LEFT JOIN daily_extension AS e ON e.patient_id = p.patient_id AND e.day = c.day
LEFT JOIN last_reports AS r
    ON r.patient_id = p.patient_id AND r.day = c.day AND r.item_id = i.item_id;
