-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Restores with loss. For ids of days up to absent_until absence proves nothing, until the comparison is over;
-- what was committed from lost_from on may be missing.
CREATE TABLE recoveries (
  epoch INTEGER PRIMARY KEY CHECK (epoch >= 1),
  begun_at_us INTEGER NOT NULL,
  lost_from_us INTEGER NOT NULL,
  absent_until TEXT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- For whom the comparison is over: a terminal, an institution, or '' for all. A till that compared has no author; it
-- may do so after people have ended it, too.
CREATE TABLE recovery_ends (
  epoch INTEGER NOT NULL REFERENCES recoveries,
  scope TEXT NOT NULL,
  ended_at_us INTEGER NOT NULL,
  author TEXT NOT NULL,
  second_author TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (epoch, scope, author)
) STRICT, WITHOUT ROWID;

-- Sales that tills have shown by signed answers, as far as they changed the books or wait for the operator.
-- The answer shows a part of the name, and rows stay for good: it is sealed as names are.
CREATE TABLE reassertions (
  request_id TEXT NOT NULL,
  state TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  terminal TEXT NOT NULL,
  shown_at_us INTEGER NOT NULL,
  became TEXT NOT NULL,
  findings TEXT NOT NULL,
  method TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  nonce TEXT NOT NULL,
  key TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  code TEXT NOT NULL,
  answer_sealed BLOB NOT NULL,
  signature TEXT NOT NULL,
  certificate TEXT NOT NULL,
  PRIMARY KEY (request_id, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER recoveries_stay BEFORE DELETE ON recoveries
BEGIN SELECT RAISE(ABORT, 'recoveries are never deleted'); END;
CREATE TRIGGER recoveries_stand BEFORE UPDATE ON recoveries
BEGIN SELECT RAISE(ABORT, 'recoveries are never changed'); END;
CREATE TRIGGER recovery_ends_stay BEFORE DELETE ON recovery_ends
BEGIN SELECT RAISE(ABORT, 'ends of recoveries are never deleted'); END;
CREATE TRIGGER recovery_ends_stand BEFORE UPDATE ON recovery_ends
BEGIN SELECT RAISE(ABORT, 'ends of recoveries are never changed'); END;
CREATE TRIGGER reassertions_stay BEFORE DELETE ON reassertions
BEGIN SELECT RAISE(ABORT, 'reassertions are never deleted'); END;
CREATE TRIGGER reassertions_stand BEFORE UPDATE ON reassertions
BEGIN SELECT RAISE(ABORT, 'reassertions are never changed'); END;
