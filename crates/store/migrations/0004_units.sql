-- The columns that name the subject of a dataset, so that a permit can hide their values.

ALTER TABLE dataset_version ADD COLUMN unit_columns {text} NOT NULL DEFAULT '[]';
CREATE INDEX release_row_case ON release_row (case_id);
