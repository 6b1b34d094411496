-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Since when a family is bound, how far, and whether its owner agreed once and for all is a record of the patient, of
-- the kind 'binding' and with the payer as its key. The table of families says of whom any record may be, and stays;
-- its relation is no longer read. Nobody agreed once and for all before this could be recorded.
INSERT INTO records (subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us, source)
SELECT 'member/' || member, 'binding', payer, '1900-01-01', NULL,
  '{"relation":"' || relation || '","limit_fen":null,"consented_on":null}', 0, 0, 'bound before bindings had days'
FROM families ORDER BY tie;
CREATE TRIGGER families_stay BEFORE DELETE ON families
BEGIN SELECT RAISE(ABORT, 'families are never deleted'); END;

-- What was accrued to an account for a month, from which base and by which rule; a correction is a further row, and
-- changed_fen is what it brought to the account or took from it.
CREATE TABLE accruals (
  account TEXT NOT NULL REFERENCES accounts,
  month TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  base_fen INTEGER CHECK (base_fen >= 0),
  amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
  changed_fen INTEGER NOT NULL,
  pack TEXT NOT NULL,
  pack_digest TEXT NOT NULL,
  rule TEXT NOT NULL,
  clause TEXT NOT NULL,
  entered_at_us INTEGER NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (account, month, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER accruals_stay BEFORE DELETE ON accruals
BEGIN SELECT RAISE(ABORT, 'what was accrued is never deleted'); END;
CREATE TRIGGER accruals_stand BEFORE UPDATE ON accruals
BEGIN SELECT RAISE(ABORT, 'what was accrued is never changed'); END;

-- An account is closed by two people.
ALTER TABLE account_closings ADD COLUMN approver TEXT NOT NULL DEFAULT '';
CREATE TRIGGER account_closings_stay BEFORE DELETE ON account_closings
BEGIN SELECT RAISE(ABORT, 'closings are never deleted'); END;
CREATE TRIGGER account_closings_stand BEFORE UPDATE ON account_closings
BEGIN SELECT RAISE(ABORT, 'closings are never changed'); END;
CREATE TRIGGER subsidies_stay BEFORE DELETE ON subsidies
BEGIN SELECT RAISE(ABORT, 'subsidies are never deleted'); END;
CREATE TRIGGER subsidies_stand BEFORE UPDATE ON subsidies
BEGIN SELECT RAISE(ABORT, 'subsidies are never changed'); END;
