-- The logs: entries that are only ever added, their heads, and what was signed.

CREATE TABLE ledger_entry (
  log {text} NOT NULL,              -- name of the log: proceedings, access, ...
  idx {int} NOT NULL CHECK (idx >= 0), -- place in the log, from 0, without gaps
  stream {text} NOT NULL,           -- history inside the log that the entry continues: case/case_..., registry, ...
  version {int} NOT NULL CHECK (version >= 1), -- place in the stream, from 1, without gaps
  kind {text} NOT NULL,             -- type of the payload with its version, for example case.taken.v1
  bytes {blob} NOT NULL,            -- the canonical line; what is hashed, exported and never encoded again
  prev_hash {blob} NOT NULL,        -- leaf hash of the entry before; the genesis hash of the origin at 0
  leaf_hash {blob} NOT NULL,        -- leaf hash of bytes
  recorded_at {int} NOT NULL,       -- when it was recorded, microseconds since 1970 in UTC
  PRIMARY KEY (log, idx),
  CONSTRAINT ledger_entry_stream UNIQUE (log, stream, version)
) {strict};

CREATE TABLE ledger_head (
  log {text} PRIMARY KEY,           -- name of the log
  origin {text} NOT NULL,           -- full name of the log; says training or production for ever
  size {int} NOT NULL CHECK (size >= 0), -- number of entries, the next index; updating this row is the lock of the log
  last_hash {blob} NOT NULL         -- leaf hash of the last entry; the genesis hash of the origin at size 0
) {strict};

CREATE TABLE checkpoint (
  log {text} NOT NULL,              -- name of the log
  size {int} NOT NULL CHECK (size >= 1), -- number of entries signed for
  root {blob} NOT NULL,             -- root of the tree over them
  note {text} NOT NULL,             -- the signed note as handed out
  PRIMARY KEY (log, size)
) {strict};

CREATE TABLE sealed_edge (
  log {text} PRIMARY KEY,           -- name of the log
  size {int} NOT NULL CHECK (size >= 1), -- size of the latest checkpoint
  frontier {text} NOT NULL          -- right edge of the tree at that size (JSON), to go on from; its root is what was signed
) {strict};
