-- oldest: 1
-- Instants are microseconds since 1970.

-- Who came for the patient of a sale. Only its seal may change, when another key takes its place.
CREATE TABLE proxies (
  request_id TEXT COLLATE "C" PRIMARY KEY REFERENCES sales,
  sealed BYTEA NOT NULL,
  kept_at_us BIGINT NOT NULL
);
CREATE TRIGGER proxies_stand BEFORE UPDATE OF request_id, kept_at_us ON proxies
  EXECUTE FUNCTION refuse_change('who came for a patient is never changed');
CREATE TRIGGER proxies_stay BEFORE DELETE OR TRUNCATE ON proxies
  EXECUTE FUNCTION refuse_change('who came for a patient is never deleted');

-- Members by the number of their social card; the number itself is sealed with the identity.
ALTER TABLE identities ADD COLUMN social_card_hash BYTEA;
CREATE INDEX identities_by_social_card ON identities (social_card_hash) WHERE social_card_hash IS NOT NULL;
