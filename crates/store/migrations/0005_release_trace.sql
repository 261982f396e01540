-- The release ledger: which subjects released answers spoke of, by identifier domain. It never leaves.

CREATE TABLE release_trace (
  domain {text} NOT NULL,           -- identifier domain, for example person
  number {int} NOT NULL,            -- place in the domain, from 0, without gaps
  body {blob} NOT NULL,             -- as the query engine writes it
  PRIMARY KEY (domain, number)
) {strict};
