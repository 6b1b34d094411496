-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text, quantities are x 10^4.

-- What clinics registered. A row is never changed: reviews, a withdrawal and what is dispensed stand beside it.
CREATE TABLE prescriptions (
  institution TEXT NOT NULL,
  number TEXT NOT NULL,
  member TEXT NOT NULL REFERENCES members,
  issued_on TEXT NOT NULL,
  valid_to TEXT NOT NULL,
  registered_at_us INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (institution, number),
  CHECK (valid_to >= issued_on)
) STRICT, WITHOUT ROWID;
CREATE INDEX prescriptions_of ON prescriptions (member, valid_to);
CREATE TRIGGER prescriptions_stay BEFORE DELETE ON prescriptions
BEGIN SELECT RAISE(ABORT, 'prescriptions are never deleted'); END;
CREATE TRIGGER prescriptions_stand BEFORE UPDATE ON prescriptions
BEGIN SELECT RAISE(ABORT, 'prescriptions are never changed'); END;

CREATE TABLE prescription_reviews (
  position INTEGER PRIMARY KEY,
  institution TEXT NOT NULL,
  number TEXT NOT NULL,
  body TEXT NOT NULL,
  FOREIGN KEY (institution, number) REFERENCES prescriptions
) STRICT;
CREATE INDEX prescription_reviews_of ON prescription_reviews (institution, number, position);
CREATE TRIGGER prescription_reviews_stay BEFORE DELETE ON prescription_reviews
BEGIN SELECT RAISE(ABORT, 'reviews of prescriptions are never deleted'); END;
CREATE TRIGGER prescription_reviews_stand BEFORE UPDATE ON prescription_reviews
BEGIN SELECT RAISE(ABORT, 'reviews of prescriptions are never changed'); END;

CREATE TABLE prescription_withdrawals (
  institution TEXT NOT NULL,
  number TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (institution, number),
  FOREIGN KEY (institution, number) REFERENCES prescriptions
) STRICT, WITHOUT ROWID;
CREATE TRIGGER prescription_withdrawals_stay BEFORE DELETE ON prescription_withdrawals
BEGIN SELECT RAISE(ABORT, 'withdrawals of prescriptions are never deleted'); END;
CREATE TRIGGER prescription_withdrawals_stand BEFORE UPDATE ON prescription_withdrawals
BEGIN SELECT RAISE(ABORT, 'withdrawals of prescriptions are never changed'); END;

-- What is dispensed of each drug by the sales that stand, and never more than all dispensings come to.
CREATE TABLE prescribed_drugs (
  institution TEXT NOT NULL,
  number TEXT NOT NULL,
  item_code TEXT NOT NULL,
  allowed_e4 INTEGER NOT NULL CHECK (allowed_e4 > 0),
  drawn_e4 INTEGER NOT NULL CHECK (drawn_e4 BETWEEN 0 AND allowed_e4),
  PRIMARY KEY (institution, number, item_code),
  FOREIGN KEY (institution, number) REFERENCES prescriptions
) STRICT, WITHOUT ROWID;

-- Which sale dispenses how much; a sale that ends takes its rows with it.
CREATE TABLE prescription_draws (
  position INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL REFERENCES sales,
  institution TEXT NOT NULL,
  number TEXT NOT NULL,
  item_code TEXT NOT NULL,
  quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 > 0),
  UNIQUE (request_id, institution, number, item_code),
  FOREIGN KEY (institution, number, item_code) REFERENCES prescribed_drugs
) STRICT;
CREATE INDEX prescription_draws_of ON prescription_draws (institution, number, position);
