-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text, amounts are fen.

-- Dated facts about members, institutions and staff. A row is never changed: of the rows of a subject, kind and key
-- the one that was entered last holds; one that is withdrawn says that they never did.
CREATE TABLE records (
  position INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  body TEXT NOT NULL,
  withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
  entered_at_us INTEGER NOT NULL,
  source TEXT NOT NULL,
  CHECK (valid_to IS NULL OR valid_to >= valid_from)
) STRICT;
CREATE INDEX records_of ON records (subject, position);
CREATE TRIGGER records_stay BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
CREATE TRIGGER records_stand BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;

-- What the register says of members when it begins to keep what it said before. Since when, nobody knows.
INSERT INTO records (subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us, source)
SELECT 'member/' || member, 'registered', covered_from, covered_from, max(covered_to, covered_from),
  json_object(
    'region', region, 'scheme', scheme, 'standing', standing, 'enrolment', enrolment, 'aid', aid,
    'conditions', json(conditions)
  ), 0, 0, 'member import'
FROM members ORDER BY member;
