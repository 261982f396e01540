-- Plain tables: needed to work, no part of the record, outside the rebuild check.

CREATE TABLE idempotency (
  scope {text} NOT NULL,            -- who chose the key: the person
  key {text} NOT NULL,              -- key chosen by the client
  fingerprint {blob} NOT NULL,      -- digest of what was asked under it
  reply {text} NOT NULL,            -- answer given, as JSON
  first_idx {int} NOT NULL,         -- first index written
  next_idx {int} NOT NULL,          -- index after the last one written
  version {int} NOT NULL,           -- version of the stream afterwards
  recorded_at {int} NOT NULL,       -- when, microseconds since 1970 in UTC
  PRIMARY KEY (scope, key),
  CHECK (first_idx <= next_idx)
) {strict};

CREATE TABLE outbox (
  key {text} PRIMARY KEY,           -- unique key of the effect
  kind {text} NOT NULL,             -- kind, for example notice
  payload {text} NOT NULL,          -- payload as JSON
  idx {int} NOT NULL,               -- head of the ledger when it was queued; the order of delivery
  ordinal {int} NOT NULL,           -- order within one transaction
  done {int} NOT NULL CHECK (done IN (0, 1)) -- 1 = carried out; the row stays, so that its key stays taken
) {strict};
CREATE INDEX outbox_order ON outbox (done, idx, ordinal);

CREATE TABLE vault_key (
  key_id {text} PRIMARY KEY,        -- random name of the key
  subject {text} NOT NULL UNIQUE,   -- whose data it opens; deleting the row erases all of it
  wrapped {blob} NOT NULL           -- data key, AES-256-GCM under the key of the vault: nonce, ciphertext, tag
) {strict};

CREATE TABLE vault (
  reference {text} PRIMARY KEY,     -- reference that stands in the event
  key_id {text} NOT NULL,           -- key it was encrypted under; the row outlives its key
  sealed {blob} NOT NULL            -- field and commitment nonce, AES-256-GCM under that key: nonce, ciphertext, tag
) {strict};

CREATE TABLE vault_check (
  id {int} PRIMARY KEY CHECK (id = 1), -- always 1
  sealed {blob} NOT NULL            -- a known text under the key of the vault; shows at start that the key is the right one
) {strict};

CREATE TABLE document (
  kind {text} NOT NULL,             -- kind, for example session or draft
  key {text} NOT NULL,              -- key within the kind
  owner {text} NOT NULL,            -- whoever lists may filter by this, for example the person
  body {text} NOT NULL,             -- JSON text
  version {int} NOT NULL CHECK (version >= 1), -- for compare-and-swap
  PRIMARY KEY (kind, key)
) {strict};
CREATE INDEX document_owner ON document (kind, owner);

CREATE TABLE counter (
  name {text} PRIMARY KEY,          -- name of the counter
  value {int} NOT NULL              -- present value
) {strict};
