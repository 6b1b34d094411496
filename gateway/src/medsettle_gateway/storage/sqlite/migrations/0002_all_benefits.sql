-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Lists in which an item stands in another class than in the main one, as JSON: {"township": "C"}.
ALTER TABLE catalogue_items ADD COLUMN classes TEXT NOT NULL DEFAULT '{}';

ALTER TABLE members ADD COLUMN born_on TEXT;

-- What the region knows of a member besides, with its days. A row is never changed: of the rows that begin on
-- one day the last one holds.
CREATE TABLE member_attributes (
  position INTEGER PRIMARY KEY,
  member TEXT NOT NULL REFERENCES members,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  entered_at_us INTEGER NOT NULL,
  source TEXT NOT NULL
) STRICT;
CREATE INDEX member_attributes_of ON member_attributes (member, name, valid_from);
CREATE TRIGGER member_attributes_stay BEFORE DELETE ON member_attributes
BEGIN SELECT RAISE(ABORT, 'attributes of members are never deleted'); END;
CREATE TRIGGER member_attributes_stand BEFORE UPDATE ON member_attributes
BEGIN SELECT RAISE(ABORT, 'attributes of members are never changed'); END;

-- When a sale that stands settled became so: it may have been calculated long before.
ALTER TABLE sales ADD COLUMN settled_at_us INTEGER;
UPDATE sales SET settled_at_us = (
  SELECT max(committed_at_us) FROM entries WHERE entries.request_id = sales.request_id AND entries.request_id <> ''
) WHERE state = 'SETTLED';
CREATE INDEX sales_settled_at ON sales (member, settled_at_us) WHERE state = 'SETTLED';

-- The stay of which a sale is the final bill: a stay of a member has one at a time.
ALTER TABLE sales ADD COLUMN ends_stay TEXT;
CREATE UNIQUE INDEX sales_ending_stays ON sales (member, ends_stay)
  WHERE ends_stay IS NOT NULL AND state IN ('HELD', 'SETTLED');

-- Drugs that sales which are held or settled handed out; a sale that ends otherwise takes its rows with it.
CREATE TABLE dispensings (
  position INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL REFERENCES sales,
  number INTEGER NOT NULL CHECK (number >= 1),
  member TEXT NOT NULL REFERENCES members,
  drug TEXT NOT NULL,
  dispensed_on TEXT NOT NULL,
  days_supply INTEGER CHECK (days_supply >= 1),
  condition TEXT,
  benefit TEXT,
  UNIQUE (request_id, number)
) STRICT;
CREATE INDEX dispensings_of ON dispensings (member, dispensed_on);

-- Emergency orders, as they were signed, and the ends that were brought forward.
CREATE TABLE emergency_orders (
  id TEXT PRIMARY KEY,
  region TEXT NOT NULL,
  holds_from TEXT NOT NULL,
  holds_to TEXT NOT NULL,
  statement TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- Where each order holds: at an institution, or at '' for everywhere in its region.
CREATE TABLE emergency_order_places (
  region TEXT NOT NULL,
  institution TEXT NOT NULL,
  holds_to TEXT NOT NULL,
  id TEXT NOT NULL REFERENCES emergency_orders,
  PRIMARY KEY (region, institution, holds_to, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE emergency_order_ends (
  id TEXT PRIMARY KEY REFERENCES emergency_orders,
  statement TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER emergency_orders_stay BEFORE DELETE ON emergency_orders
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;
CREATE TRIGGER emergency_orders_stand BEFORE UPDATE ON emergency_orders
BEGIN SELECT RAISE(ABORT, 'orders are never changed'); END;
CREATE TRIGGER emergency_order_places_stay BEFORE DELETE ON emergency_order_places
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;
CREATE TRIGGER emergency_order_places_stand BEFORE UPDATE ON emergency_order_places
BEGIN SELECT RAISE(ABORT, 'orders are never changed'); END;
CREATE TRIGGER emergency_order_ends_stay BEFORE DELETE ON emergency_order_ends
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;
CREATE TRIGGER emergency_order_ends_stand BEFORE UPDATE ON emergency_order_ends
BEGIN SELECT RAISE(ABORT, 'orders are never changed'); END;

-- An account that was closed stays in the books.
CREATE TABLE accounts_that_close (
  account TEXT PRIMARY KEY,
  member TEXT NOT NULL UNIQUE REFERENCES members,
  state TEXT NOT NULL CHECK (state IN ('active', 'frozen', 'closed')),
  opening_fen INTEGER NOT NULL CHECK (opening_fen >= 0),
  balance_fen INTEGER NOT NULL CHECK (balance_fen >= 0),
  held_fen INTEGER NOT NULL CHECK (held_fen >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts_that_close SELECT account, member, state, opening_fen, balance_fen, held_fen FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_that_close RENAME TO accounts;

-- What a region credited to an account for a year, and what of an earlier year lapsed then: each once.
CREATE TABLE subsidies (
  account TEXT NOT NULL REFERENCES accounts,
  year TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('credit', 'lapse')),
  amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
  pack TEXT NOT NULL,
  pack_digest TEXT NOT NULL,
  rule TEXT NOT NULL,
  clause TEXT NOT NULL,
  entered_at_us INTEGER NOT NULL,
  PRIMARY KEY (account, year, kind)
) STRICT, WITHOUT ROWID;

-- What an account did: its postings, through the bounds of their name.
CREATE INDEX postings_of_member ON postings (account, position, amount_fen)
  WHERE account >= 'member/' AND account < 'member0';

CREATE TABLE account_closings (
  account TEXT NOT NULL REFERENCES accounts,
  number INTEGER NOT NULL CHECK (number >= 1),
  cause TEXT NOT NULL,
  paid_to TEXT NOT NULL,
  documents TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
  pack TEXT NOT NULL,
  pack_digest TEXT NOT NULL,
  clause TEXT NOT NULL,
  author TEXT NOT NULL,
  closed_at_us INTEGER NOT NULL,
  PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
