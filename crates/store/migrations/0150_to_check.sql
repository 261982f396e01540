-- Requests that one reviewer let out and that nobody looked at again: the desk asks for open requests only. Files of
-- one reviewer are gated answers, and a file of a run names its run.

ALTER TABLE airlock_request ADD COLUMN to_check {int} NOT NULL DEFAULT 0;
UPDATE airlock_request SET to_check = 1
  WHERE standing = 'released' AND state LIKE '%"spot_check":null%' AND state NOT LIKE '%"origin":{"run":%';
CREATE INDEX airlock_request_standing ON airlock_request (standing);
