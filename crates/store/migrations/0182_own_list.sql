-- Own lists (自带名单) that stand in the lake or are still to be erased from it. A core table: `shuyu rebuild` makes every
-- row again from the ledger. The row goes when it is recorded that nothing is left.

CREATE TABLE own_list (
  case_id {text} NOT NULL,          -- case of the permit it was brought under
  dataset {text} NOT NULL,          -- its dataset
  ended {int} NOT NULL CHECK (ended IN (0, 1)), -- 1 = no query reads it any more
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (case_id, dataset)
) {strict};
