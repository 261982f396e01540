-- Sources of jobs with their runs, and requests in the airlock. Core tables: `shuyu rebuild` makes every row again
-- from the ledger.

CREATE TABLE job_source (
  id {text} PRIMARY KEY,            -- source id
  permit {text} NOT NULL,           -- permit it is registered under
  case_id {text} NOT NULL,          -- case of the permit
  version {int} NOT NULL,           -- number of events folded; equals the last version of its stream
  state {text} NOT NULL,            -- the folded source as JSON
  as_of {int} NOT NULL              -- index of the entry that last changed the row
) {strict};
CREATE INDEX job_source_case ON job_source (case_id);

CREATE TABLE airlock_request (
  id {text} PRIMARY KEY,            -- request id
  permit {text} NOT NULL,           -- permit its files come from
  case_id {text} NOT NULL,          -- case of the permit
  standing {text} NOT NULL,         -- where it stands: pending, submitted, ...
  version {int} NOT NULL,           -- number of events folded; equals the last version of its stream
  state {text} NOT NULL,            -- the folded request as JSON; texts are commitments
  as_of {int} NOT NULL              -- index of the entry that last changed the row
) {strict};
CREATE INDEX airlock_request_case ON airlock_request (case_id);
