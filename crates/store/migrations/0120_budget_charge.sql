-- Differential privacy spent on datasets, one row for each query and dataset. A core table: `shuyu rebuild` makes every
-- row again from the ledger, so that no budget can be set back in the table alone.

CREATE TABLE budget_charge (
  release {text} NOT NULL,          -- release id
  dataset {text} NOT NULL,          -- dataset id
  party {text} NOT NULL,            -- body that asked
  rho {int} NOT NULL,               -- millionths of rho
  as_of {int} NOT NULL,             -- index of the entry
  PRIMARY KEY (release, dataset)
) {strict};
CREATE INDEX budget_charge_party ON budget_charge (party, dataset);
