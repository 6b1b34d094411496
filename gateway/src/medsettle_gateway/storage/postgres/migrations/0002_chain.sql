-- oldest: 1
-- Where each entry stands: gapless, given by one process at a time, once the entry is committed. An entry that
-- rests on another one was inserted after that one's commit: it has the greater id, and the later position.
CREATE TABLE positions (
  position BIGINT PRIMARY KEY CHECK (position >= 1),
  entry BIGINT NOT NULL UNIQUE REFERENCES entries
);
-- What is new is found behind the oldest transaction that was open when positions were given the last time.
CREATE INDEX entries_written ON entries (written_by);

-- Blocks of entries, each hashed with the one before (medsettle_gateway.ledger.chain): what a block covers cannot
-- be changed unseen. Their last columns are bytes: 8 for each entry, and the SHA-256.
CREATE TABLE blocks (
  block BIGINT PRIMARY KEY CHECK (block >= 1),
  first_position BIGINT NOT NULL UNIQUE CHECK (first_position >= 1),
  last_position BIGINT NOT NULL CHECK (last_position >= first_position),
  sealed_at_us BIGINT NOT NULL,
  marks BYTEA NOT NULL,
  hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32)
);

CREATE TRIGGER positions_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON positions
  EXECUTE FUNCTION refuse_change('the ledger is append-only');
CREATE TRIGGER blocks_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON blocks
  EXECUTE FUNCTION refuse_change('the ledger is append-only');
