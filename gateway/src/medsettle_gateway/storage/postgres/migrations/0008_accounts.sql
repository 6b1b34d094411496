-- oldest: 1
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Since when a family is bound, how far, and whether its owner agreed once and for all is a record of the patient, of
-- the kind 'binding' and with the payer as its key. The table of families says of whom any record may be, and stays;
-- its relation is no longer read. Nobody agreed once and for all before this could be recorded.
INSERT INTO records (subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us, source)
SELECT 'member/' || member, 'binding', payer, '1900-01-01', NULL,
  '{"relation":"' || relation || '","limit_fen":null,"consented_on":null}', FALSE, 0, 'bound before bindings had days'
FROM families ORDER BY tie;
CREATE TRIGGER families_stay BEFORE DELETE OR TRUNCATE ON families
  EXECUTE FUNCTION refuse_change('families are never deleted');

-- What was accrued to an account for a month, from which base and by which rule; a correction is a further row, and
-- changed_fen is what it brought to the account or took from it.
CREATE TABLE accruals (
  account TEXT COLLATE "C" NOT NULL REFERENCES accounts,
  month TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL CHECK (number >= 1),
  base_fen BIGINT CHECK (base_fen >= 0),
  amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
  changed_fen BIGINT NOT NULL,
  pack TEXT NOT NULL,
  pack_digest TEXT NOT NULL,
  rule TEXT NOT NULL,
  clause TEXT NOT NULL,
  entered_at_us BIGINT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (account, month, number)
);
CREATE TRIGGER accruals_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON accruals
  EXECUTE FUNCTION refuse_change('what was accrued is never changed');

-- An account is closed by two people.
ALTER TABLE account_closings ADD COLUMN approver TEXT NOT NULL DEFAULT '';
CREATE TRIGGER account_closings_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON account_closings
  EXECUTE FUNCTION refuse_change('closings are never changed');
CREATE TRIGGER subsidies_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON subsidies
  EXECUTE FUNCTION refuse_change('subsidies are never changed');
