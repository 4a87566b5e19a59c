-- What leads from version 1 of the tables to version 2.

ALTER TABLE falls ADD COLUMN ending VARCHAR DEFAULT 'stayed_down';
ALTER TABLE falls ADD COLUMN evidence VARCHAR DEFAULT '';
ALTER TABLE sessions ADD COLUMN spine_sigma_deg DOUBLE;
ALTER TABLE sessions ADD COLUMN spine_confidence VARCHAR;
UPDATE sessions SET spine_sigma_deg = 2, spine_confidence = 'full'
WHERE spine_observable_s IS NOT NULL;
ALTER TABLE extension_bouts ADD COLUMN in_band_s DOUBLE DEFAULT 0;
ALTER TABLE extension_bouts ADD COLUMN interruptions INTEGER DEFAULT 0;
ALTER TABLE extension_bouts ADD COLUMN sigma_deg DOUBLE DEFAULT 2;
ALTER TABLE extension_bouts ADD COLUMN confidence VARCHAR DEFAULT 'full';
UPDATE extension_bouts SET in_band_s = end_s - start_s;
CREATE TABLE over_extensions (recording_id VARCHAR NOT NULL, start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL, peak_deg DOUBLE NOT NULL, posture VARCHAR NOT NULL);
CREATE TABLE pad_slips (recording_id VARCHAR NOT NULL, start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL, from_deg DOUBLE NOT NULL, to_deg DOUBLE NOT NULL);
CREATE TABLE sensor_slips (recording_id VARCHAR NOT NULL, start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL, segment VARCHAR NOT NULL, tilt_deg DOUBLE NOT NULL);
CREATE TABLE spine_unseen (recording_id VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL);
ALTER TABLE postures ADD COLUMN side_unknown BOOLEAN DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN sitting_known BOOLEAN DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN brace_bends INTEGER;
ALTER TABLE sessions ADD COLUMN brace_stiff_bends INTEGER;
CREATE TABLE sitting_bouts (recording_id VARCHAR NOT NULL, start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL);
ALTER TABLE session_days ADD COLUMN bed_rest_min DOUBLE;
ALTER TABLE session_days ADD COLUMN times_up INTEGER;
ALTER TABLE patients ADD COLUMN stature_m DOUBLE;
ALTER TABLE repetitions ADD COLUMN rise_part DOUBLE;
ALTER TABLE repetitions ADD COLUMN sag_degs DOUBLE;
ALTER TABLE repetitions ADD COLUMN sag_deg DOUBLE;
ALTER TABLE repetitions ADD COLUMN tremor_degs DOUBLE;
ALTER TABLE repetitions ADD COLUMN tremor_ms2 DOUBLE;
ALTER TABLE repetitions ADD COLUMN ldlj DOUBLE;
ALTER TABLE repetitions ADD COLUMN confidence VARCHAR DEFAULT 'full';
ALTER TABLE prescriptions ADD COLUMN flexion_limit_deg DOUBLE DEFAULT 60;
ALTER TABLE sessions ADD COLUMN band_low_deg DOUBLE DEFAULT 5;
ALTER TABLE sessions ADD COLUMN band_high_deg DOUBLE DEFAULT 20;
ALTER TABLE sessions ADD COLUMN over_deg DOUBLE DEFAULT 30;
ALTER TABLE sessions ADD COLUMN flexion_deg DOUBLE DEFAULT 60;
ALTER TABLE session_days ADD COLUMN back_extensions INTEGER DEFAULT 0;
ALTER TABLE session_days ADD COLUMN sit_to_stands INTEGER DEFAULT 0;
CREATE TABLE back_extensions (recording_id VARCHAR NOT NULL, day DATE NOT NULL,
    start_s DOUBLE NOT NULL, end_s DOUBLE NOT NULL, hold_start_s DOUBLE NOT NULL,
    hold_end_s DOUBLE NOT NULL, peak_deg DOUBLE NOT NULL, partial BOOLEAN NOT NULL);
CREATE TABLE stand_ups (recording_id VARCHAR NOT NULL, day DATE NOT NULL,
    start_s DOUBLE NOT NULL, end_s DOUBLE NOT NULL, rise_m DOUBLE NOT NULL);
CREATE TABLE walks (recording_id VARCHAR NOT NULL, day DATE NOT NULL,
    start_s DOUBLE NOT NULL, end_s DOUBLE NOT NULL, steps INTEGER NOT NULL,
    cadence_hz DOUBLE NOT NULL, step_regularity DOUBLE NOT NULL,
    stride_regularity DOUBLE NOT NULL);
CREATE TABLE near_falls (recording_id VARCHAR NOT NULL, day DATE NOT NULL,
    at_s DOUBLE NOT NULL, kind VARCHAR NOT NULL, peak_g DOUBLE NOT NULL);
