-- Clocks that somebody watches: those that bind a body now, and those whose escalation is open. A core table:
-- `shuyu rebuild` makes every row again from the ledger.

CREATE TABLE clock_watch (
  case_id {text} NOT NULL,          -- case id
  ordinal {int} NOT NULL,           -- place of the clock in the case, from 0
  clock {text} NOT NULL,            -- clock id
  lane {text},                      -- lane key, if it is the clock of a lane
  role {text} NOT NULL,             -- role that has to act
  due {text} NOT NULL,              -- last day, YYYY-MM-DD
  binds {int} NOT NULL CHECK (binds IN (0, 1)), -- 1 = neither stopped nor standing still
  expired {int} NOT NULL CHECK (expired IN (0, 1)), -- 1 = it is recorded that this last day passed
  escalates {int} NOT NULL CHECK (escalates IN (0, 1)), -- 1 = goes to the superior body once it is late for long
  urged {int} NOT NULL CHECK (urged IN (0, 1)), -- 1 = an urge waits for its answer
  superior {text},                  -- role of the superior body while an escalation is open; else null
  as_of {int} NOT NULL,             -- index of the entry that last changed the row
  PRIMARY KEY (case_id, ordinal)
) {strict};
CREATE INDEX clock_watch_expiry ON clock_watch (binds, expired, due);
CREATE INDEX clock_watch_escalates ON clock_watch (escalates, due);
CREATE INDEX clock_watch_urged ON clock_watch (urged, due);
CREATE INDEX clock_watch_superior ON clock_watch (superior, due);
