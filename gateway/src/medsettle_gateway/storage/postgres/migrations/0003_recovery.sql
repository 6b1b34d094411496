-- oldest: 1
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Restores with loss. For ids of days up to absent_until absence proves nothing, until the comparison is over;
-- what was committed from lost_from on may be missing.
CREATE TABLE recoveries (
  epoch BIGINT PRIMARY KEY CHECK (epoch >= 1),
  begun_at_us BIGINT NOT NULL,
  lost_from_us BIGINT NOT NULL,
  absent_until TEXT COLLATE "C" NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL
);

-- For whom the comparison is over: a terminal, an institution, or '' for all. A till that compared has no author; it
-- may do so after people have ended it, too.
CREATE TABLE recovery_ends (
  epoch BIGINT NOT NULL REFERENCES recoveries,
  scope TEXT COLLATE "C" NOT NULL,
  ended_at_us BIGINT NOT NULL,
  author TEXT NOT NULL,
  second_author TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (epoch, scope, author)
);

-- Sales that tills have shown by signed answers, as far as they changed the books or wait for the operator.
-- The answer shows a part of the name, and rows stay for good: it is sealed as names are.
CREATE TABLE reassertions (
  request_id TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  epoch BIGINT NOT NULL,
  terminal TEXT COLLATE "C" NOT NULL,
  shown_at_us BIGINT NOT NULL,
  became TEXT NOT NULL,
  findings TEXT NOT NULL,
  method TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  nonce TEXT NOT NULL,
  key TEXT NOT NULL,
  timestamp_ms BIGINT NOT NULL,
  code TEXT NOT NULL,
  answer_sealed BYTEA NOT NULL,
  signature TEXT NOT NULL,
  certificate TEXT NOT NULL,
  PRIMARY KEY (request_id, state)
);

CREATE TRIGGER recoveries_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON recoveries
  EXECUTE FUNCTION refuse_change('recoveries are never changed');
CREATE TRIGGER recovery_ends_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON recovery_ends
  EXECUTE FUNCTION refuse_change('ends of recoveries are never changed');
CREATE TRIGGER reassertions_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON reassertions
  EXECUTE FUNCTION refuse_change('reassertions are never changed');
