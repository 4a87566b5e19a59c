-- Tables of schema version 1. Times are UTC without zone; a day is one of the patient's own time
-- zone; times within a recording are seconds from its start, half-open. Rows that people enter are
-- added and never changed.

CREATE TABLE schema_version (version INTEGER NOT NULL);

CREATE TABLE patients (
    patient_id VARCHAR PRIMARY KEY,
    label VARCHAR NOT NULL,
    birth_year INTEGER,
    time_zone VARCHAR NOT NULL
);

CREATE TABLE prescriptions (
    patient_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    pathway_id VARCHAR NOT NULL,
    pathway_title VARCHAR NOT NULL,
    index_date DATE NOT NULL,
    phase_id VARCHAR NOT NULL,
    phase_title VARCHAR NOT NULL,
    phase_start_week DOUBLE NOT NULL,
    phase_end_week DOUBLE NOT NULL,
    PRIMARY KEY (patient_id, version)
);

CREATE TABLE prescribed_items (
    patient_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    item_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    per_day DOUBLE NOT NULL,
    unit VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    days_per_week DOUBLE NOT NULL,
    hold_s DOUBLE,
    band_low_deg DOUBLE,
    band_high_deg DOUBLE,
    alarm_deg DOUBLE,
    cap_per_day DOUBLE
);

-- What a patient says of items that no sensor sees; the last entry of a day holds.
CREATE TABLE reports (
    patient_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    item_id VARCHAR NOT NULL,
    amount DOUBLE NOT NULL,
    entered_at TIMESTAMP NOT NULL
);

CREATE TABLE outcomes (
    patient_id VARCHAR NOT NULL,
    measure VARCHAR NOT NULL,
    day DATE NOT NULL,
    value DOUBLE NOT NULL,
    source VARCHAR NOT NULL,
    entered_at TIMESTAMP NOT NULL
);

-- One row a recording; patient_id is null where the recording names no patient.
CREATE TABLE sessions (
    recording_id VARCHAR PRIMARY KEY,
    patient_id VARCHAR,
    started_at TIMESTAMP NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR NOT NULL,
    duration_s DOUBLE NOT NULL,
    algorithm_version VARCHAR NOT NULL,
    coverage DOUBLE NOT NULL,
    path VARCHAR NOT NULL,
    spine_observable_s DOUBLE,
    spine_p05_deg DOUBLE,
    spine_p50_deg DOUBLE,
    spine_p95_deg DOUBLE
);

-- A recording's share of each day: what the trends add up.
CREATE TABLE session_days (
    recording_id VARCHAR NOT NULL,
    patient_id VARCHAR,
    day DATE NOT NULL,
    recorded_min DOUBLE NOT NULL,
    not_worn_min DOUBLE NOT NULL,
    upright_min DOUBLE,
    repetitions INTEGER NOT NULL
);

CREATE TABLE streams (
    recording_id VARCHAR NOT NULL,
    placement VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    rate_hz DOUBLE NOT NULL,
    samples BIGINT NOT NULL,
    coverage DOUBLE NOT NULL
);

CREATE TABLE gaps (
    recording_id VARCHAR NOT NULL,
    placement VARCHAR NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL
);

CREATE TABLE postures (
    recording_id VARCHAR NOT NULL,
    posture VARCHAR NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL
);

CREATE TABLE extension_bouts (
    recording_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL,
    mean_deg DOUBLE NOT NULL,
    peak_deg DOUBLE NOT NULL,
    posture VARCHAR NOT NULL
);

CREATE TABLE flexion_bouts (
    recording_id VARCHAR NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL,
    peak_deg DOUBLE NOT NULL,
    posture VARCHAR NOT NULL
);

CREATE TABLE repetitions (
    recording_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL,
    hold_start_s DOUBLE NOT NULL,
    hold_end_s DOUBLE NOT NULL,
    peak_deg DOUBLE NOT NULL,
    roll_deg DOUBLE,
    sparc DOUBLE,
    partial BOOLEAN NOT NULL
);

CREATE TABLE falls (
    recording_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    impact_s DOUBLE NOT NULL,
    probability DOUBLE NOT NULL,
    peak_g DOUBLE NOT NULL,
    posture_after VARCHAR NOT NULL,
    inactive_s DOUBLE NOT NULL
);

CREATE TABLE wear_bouts (
    recording_id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    start_s DOUBLE NOT NULL,
    end_s DOUBLE NOT NULL
);

INSERT INTO schema_version VALUES (1);
