-- What the examination of a version found, as far as it decides whether permits and jobs may read the version. A core
-- table: made again from the ledger by `shuyu rebuild`. A version is examined once: the same rows give the same answer.

CREATE TABLE version_examined (
  dataset {text} NOT NULL,          -- dataset id
  version {int} NOT NULL,           -- its version
  examined {text} NOT NULL,         -- what was found, JSON
  as_of {int} NOT NULL,             -- index of the entry
  PRIMARY KEY (dataset, version)
) {strict};
