-- oldest: 1
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE institutions (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  level TEXT NOT NULL,
  specialty TEXT NOT NULL,
  designations TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended'))
) STRICT, WITHOUT ROWID;

CREATE TABLE terminals (
  terminal TEXT PRIMARY KEY,
  institution TEXT NOT NULL REFERENCES institutions,
  till TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  UNIQUE (institution, till)
) STRICT, WITHOUT ROWID;

CREATE TABLE terminal_keys (
  key TEXT PRIMARY KEY,
  terminal TEXT NOT NULL REFERENCES terminals,
  suite TEXT NOT NULL,
  public_key BLOB NOT NULL,
  not_before_us INTEGER NOT NULL,
  not_after_us INTEGER NOT NULL,
  revoked_at_us INTEGER,
  compromised_at_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX terminal_keys_of ON terminal_keys (terminal, not_before_us);
CREATE TRIGGER terminal_keys_stay BEFORE DELETE ON terminal_keys
BEGIN SELECT RAISE(ABORT, 'records of keys are never deleted'); END;

CREATE TABLE enrol_codes (
  code_hash TEXT PRIMARY KEY,
  institution TEXT NOT NULL REFERENCES institutions,
  till TEXT NOT NULL,
  expires_at_us INTEGER NOT NULL,
  used_by_key TEXT,
  used_at_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  member TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  scheme TEXT NOT NULL,
  standing TEXT NOT NULL,
  enrolment TEXT NOT NULL,
  aid TEXT NOT NULL,
  conditions TEXT NOT NULL,
  covered_from TEXT NOT NULL,
  covered_to TEXT
) STRICT, WITHOUT ROWID;

-- The only place of names and numbers of people, sealed; numbers are found by keyed hash.
CREATE TABLE identities (
  member TEXT PRIMARY KEY REFERENCES members,
  number_hash BLOB NOT NULL UNIQUE,
  id_number_hash BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_id_number ON identities (id_number_hash);

-- balance_fen is available, held_fen is reserved by holds on top of it.
CREATE TABLE accounts (
  account TEXT PRIMARY KEY,
  member TEXT NOT NULL UNIQUE REFERENCES members,
  state TEXT NOT NULL CHECK (state IN ('active', 'frozen')),
  opening_fen INTEGER NOT NULL CHECK (opening_fen >= 0),
  balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0),
  held_fen INTEGER NOT NULL CHECK (held_fen >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE families (
  tie INTEGER PRIMARY KEY,
  member TEXT NOT NULL REFERENCES members,
  payer TEXT NOT NULL REFERENCES members,
  relation TEXT NOT NULL,
  UNIQUE (member, payer),
  CHECK (member <> payer)
) STRICT;
CREATE INDEX families_of_payer ON families (payer);

CREATE TABLE catalogues (
  region TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  item_count INTEGER NOT NULL,
  entered_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue_items (
  region TEXT NOT NULL REFERENCES catalogues,
  code TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT NOT NULL,
  self_pay_share_ppm INTEGER CHECK (self_pay_share_ppm BETWEEN 0 AND 1000000),
  ceiling_micro INTEGER CHECK (ceiling_micro >= 0),
  ward TEXT,
  PRIMARY KEY (region, code, valid_from)
) STRICT, WITHOUT ROWID;

-- The columns are what sales are searched by; body is the record without its settlements.
CREATE TABLE sales (
  request_id TEXT PRIMARY KEY,
  institution TEXT NOT NULL,
  till TEXT NOT NULL,
  day TEXT NOT NULL,
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  terminal TEXT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  member TEXT,
  basket_digest TEXT NOT NULL,
  service_on TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  calculated_at_us INTEGER,
  hold_expires_at_us INTEGER,
  body TEXT NOT NULL,
  UNIQUE (institution, till, day, number, attempt)
) STRICT;
CREATE INDEX sales_of_institution ON sales (institution, created_at_us, request_id);
CREATE INDEX sales_of_member ON sales (member, institution, created_at_us) WHERE member IS NOT NULL;
CREATE INDEX sales_settled ON sales (member, calculated_at_us) WHERE state = 'SETTLED';
CREATE INDEX sales_held ON sales (member, hold_expires_at_us) WHERE state = 'HELD';
CREATE INDEX sales_due ON sales (hold_expires_at_us) WHERE state = 'HELD';
CREATE INDEX sales_expired ON sales (hold_expires_at_us) WHERE state = 'EXPIRED';
CREATE INDEX sales_open ON sales (state) WHERE state IN ('PENDING', 'HELD', 'EXPIRED', 'UNDOING');
CREATE TRIGGER sales_stay BEFORE DELETE ON sales
BEGIN SELECT RAISE(ABORT, 'sales are never deleted'); END;

CREATE TABLE settlements (
  request_id TEXT NOT NULL REFERENCES sales,
  number INTEGER NOT NULL CHECK (number >= 1),
  body TEXT NOT NULL,
  PRIMARY KEY (request_id, number)
) STRICT;

CREATE TABLE entries (
  position INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  request_id TEXT NOT NULL,
  committed_at_us INTEGER NOT NULL,
  business_on TEXT NOT NULL,
  terminal TEXT NOT NULL,
  operator TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX entries_of_sale ON entries (request_id) WHERE request_id <> '';

CREATE TABLE postings (
  position INTEGER NOT NULL REFERENCES entries,
  number INTEGER NOT NULL,
  book TEXT NOT NULL,
  account TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen <> 0),
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry_counters (
  position INTEGER NOT NULL REFERENCES entries,
  number INTEGER NOT NULL,
  member TEXT NOT NULL REFERENCES members,
  region TEXT NOT NULL,
  scheme TEXT NOT NULL,
  period TEXT NOT NULL,
  counter TEXT NOT NULL,
  measure TEXT NOT NULL,
  used_delta INTEGER NOT NULL,
  held_delta INTEGER NOT NULL,
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entries_stand BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER postings_stay BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER postings_stand BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_counters_stay BEFORE DELETE ON entry_counters
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_counters_stand BEFORE UPDATE ON entry_counters
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE counters (
  member TEXT NOT NULL REFERENCES members,
  region TEXT NOT NULL,
  scheme TEXT NOT NULL,
  period TEXT NOT NULL,
  counter TEXT NOT NULL,
  measure TEXT NOT NULL,
  used INTEGER NOT NULL CHECK (used >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  PRIMARY KEY (member, region, scheme, period, counter, measure)
) STRICT, WITHOUT ROWID;

-- What an older system had counted: entered once.
CREATE TABLE year_sums (
  member TEXT NOT NULL REFERENCES members,
  period TEXT NOT NULL,
  counter TEXT NOT NULL,
  measure TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  PRIMARY KEY (member, period, counter, measure)
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials_used (
  credential_id TEXT PRIMARY KEY,
  request_id TEXT NOT NULL,
  used_at_us INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE nonces (
  sender TEXT NOT NULL,
  nonce TEXT NOT NULL,
  until_us INTEGER NOT NULL,
  PRIMARY KEY (sender, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_until ON nonces (until_us);
