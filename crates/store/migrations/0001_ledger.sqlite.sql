-- The seat belt; the hashes are the proof.
CREATE TRIGGER ledger_entry_keeps_rows BEFORE UPDATE ON ledger_entry
BEGIN
  SELECT RAISE(ABORT, 'ledger_entry: entries are only added');
END;
CREATE TRIGGER ledger_entry_keeps_all BEFORE DELETE ON ledger_entry
BEGIN
  SELECT RAISE(ABORT, 'ledger_entry: entries are only added');
END;
