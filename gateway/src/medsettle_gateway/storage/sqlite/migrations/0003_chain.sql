-- oldest: 2
-- Blocks of entries, each hashed with the one before (medsettle_gateway.ledger.chain): what a block covers cannot
-- be changed unseen. Their last columns are bytes: 8 for each entry, and the SHA-256.
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY CHECK (block >= 1),
  first_position INTEGER NOT NULL UNIQUE CHECK (first_position >= 1),
  last_position INTEGER NOT NULL CHECK (last_position >= first_position),
  sealed_at_us INTEGER NOT NULL,
  marks BLOB NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER blocks_stay BEFORE DELETE ON blocks
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER blocks_stand BEFORE UPDATE ON blocks
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
