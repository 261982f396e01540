-- The core tables: our reading of the proceedings. `shuyu rebuild` makes every row again from the ledger.
-- In each, as_of is the index of the entry that last changed the row.

CREATE TABLE case_file (
  id {text} PRIMARY KEY,            -- case id
  procedure {text} NOT NULL,        -- procedure id of the profile
  number {text} NOT NULL,           -- running number as printed on papers
  title {text} NOT NULL,            -- title for lists; never personal data
  stage {text} NOT NULL,            -- present stage
  holder_role {text},               -- role whose turn it is; null when nobody's
  closed {int} NOT NULL CHECK (closed IN (0, 1)), -- 1 = the stage is final
  opened_on {text} NOT NULL,        -- day of opening, YYYY-MM-DD
  opened_idx {int} NOT NULL,        -- index of the opening entry; lists are newest first by it
  next_due {text},                  -- earliest last day of its open duties; null without one
  version {int} NOT NULL,           -- number of events folded; equals the last version of its stream
  step_roles {text} NOT NULL,       -- JSON: number of a waiting act -> role of the person who entered it
  state {text} NOT NULL,            -- the folded case as JSON
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  CONSTRAINT case_file_number UNIQUE (procedure, number)
) {strict};
CREATE INDEX case_file_opened ON case_file (opened_idx);

CREATE TABLE case_party (
  case_id {text} NOT NULL,          -- case id
  role {text} NOT NULL,             -- role of the party
  body {text} NOT NULL,             -- body id
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (case_id, role, body)
) {strict};
CREATE INDEX case_party_body ON case_party (body);

CREATE TABLE case_link (
  case_id {text} NOT NULL,          -- the case that points
  target {text} NOT NULL,           -- the case it points at
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (case_id, target)
) {strict};
CREATE INDEX case_link_target ON case_link (target);

CREATE TABLE duty (
  case_id {text} NOT NULL,          -- case id
  slot {text} NOT NULL,             -- clock:<ordinal>, step:<number of the waiting act> or turn
  role {text} NOT NULL,             -- role that has to act
  body {text} NOT NULL,             -- body that has to act
  clock {text},                     -- clock id; null for a turn or a waiting step
  lane {text},                      -- lane key, if the clock or the waiting act is of a lane
  started_on {text},                -- start of the clock, YYYY-MM-DD
  due {text},                       -- last day, YYYY-MM-DD
  provisional {int} NOT NULL CHECK (provisional IN (0, 1)), -- 1 = beyond the last published holiday notice
  clauses {text} NOT NULL,          -- JSON list of the clauses of the clock
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (case_id, slot, role, body),
  CHECK ((clock IS NULL) = (due IS NULL)),
  CHECK ((clock IS NULL) = (started_on IS NULL)),
  CHECK (clock IS NOT NULL OR provisional = 0)
) {strict};
CREATE INDEX duty_body ON duty (body, role, due);

CREATE TABLE permit (
  permit {text} PRIMARY KEY,        -- permit id
  case_id {text} NOT NULL,          -- case it was compiled from
  expires_on {text} NOT NULL,       -- last day, YYYY-MM-DD
  ended {int} NOT NULL CHECK (ended IN (0, 1)), -- 1 = ended, or another permit of the case took its place
  as_of {int} NOT NULL              -- index of the entry that last changed the row
) {strict};
CREATE INDEX permit_case ON permit (case_id);

CREATE TABLE registry_state (
  id {int} PRIMARY KEY CHECK (id = 1), -- always 1: there is one registry
  version {int} NOT NULL,           -- number of events folded; equals the last version of its stream
  state {text} NOT NULL,            -- bodies, people and delegations as JSON; names of people are commitments
  as_of {int} NOT NULL              -- index of the entry that last changed the row
) {strict};

CREATE TABLE dataset_version (
  dataset {text} NOT NULL,          -- dataset id
  version {int} NOT NULL,           -- version number in the lake
  table_name {text} NOT NULL,       -- name of the table in the lake
  resource {text} NOT NULL,         -- case id of the catalogue entry
  row_count {int} NOT NULL,         -- rows
  domain {text},                    -- identifier domain of its subjects; null when not personal
  rows_per_unit {int} NOT NULL,     -- proven largest number of rows of one subject
  columns {text} NOT NULL,          -- JSON list of the columns in order
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (dataset, version)
) {strict};
CREATE INDEX dataset_version_resource ON dataset_version (resource);

CREATE TABLE release_row (
  id {text} PRIMARY KEY,            -- release id
  permit {text} NOT NULL,           -- permit it rests on
  case_id {text} NOT NULL,          -- case of the permit
  person {text} NOT NULL,           -- who asked
  body {text} NOT NULL,             -- for which body
  query {text} NOT NULL,            -- keyed digest of the query text
  datasets {text} NOT NULL,         -- JSON list of dataset and version read
  row_count {int} NOT NULL,         -- rows that left
  result {text} NOT NULL,           -- digest of the result as stored
  as_of {int} NOT NULL              -- index of the entry that last changed the row
) {strict};
CREATE INDEX release_row_permit ON release_row (permit);

CREATE TABLE number_counter (
  procedure {text} NOT NULL,        -- procedure id
  year {int} NOT NULL,              -- year printed in the number
  last {int} NOT NULL CHECK (last >= 1), -- last running number given out
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (procedure, year)
) {strict};
