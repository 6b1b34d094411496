-- oldest: 2
-- Instants are microseconds since 1970.

-- Who came for the patient of a sale. Only its seal may change, when another key takes its place.
CREATE TABLE proxies (
  request_id TEXT PRIMARY KEY REFERENCES sales,
  sealed BLOB NOT NULL,
  kept_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER proxies_stay BEFORE DELETE ON proxies
BEGIN SELECT RAISE(ABORT, 'who came for a patient is never deleted'); END;
CREATE TRIGGER proxies_stand BEFORE UPDATE OF request_id, kept_at_us ON proxies
BEGIN SELECT RAISE(ABORT, 'who came for a patient is never changed'); END;

-- Members by the number of their social card; the number itself is sealed with the identity.
ALTER TABLE identities ADD COLUMN social_card_hash BLOB;
CREATE INDEX identities_by_social_card ON identities (social_card_hash) WHERE social_card_hash IS NOT NULL;

-- Who saw the clear text of whom, and why. Written before it is shown.
CREATE TABLE identity_accesses (
  position INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  shown TEXT NOT NULL,
  author TEXT NOT NULL CHECK (author <> ''),
  reason TEXT NOT NULL CHECK (reason <> ''),
  accessed_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_accesses_of ON identity_accesses (subject, position);
CREATE INDEX identity_accesses_at ON identity_accesses (accessed_at_us);
CREATE TRIGGER identity_accesses_stay BEFORE DELETE ON identity_accesses
BEGIN SELECT RAISE(ABORT, 'accesses are never deleted'); END;
CREATE TRIGGER identity_accesses_stand BEFORE UPDATE ON identity_accesses
BEGIN SELECT RAISE(ABORT, 'accesses are never changed'); END;

-- What was shown of sales stands for ever, but its seal: another key may take the place of the one before.
DROP TRIGGER reassertions_stand;
CREATE TRIGGER reassertions_stand BEFORE UPDATE OF
  request_id, state, epoch, terminal, shown_at_us, became, findings, method, request_digest, nonce, key,
  timestamp_ms, code, signature, certificate
ON reassertions
BEGIN SELECT RAISE(ABORT, 'reassertions are never changed'); END;
