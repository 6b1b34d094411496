-- oldest: 1
-- Instants are microseconds since 1970, days are ISO text.

-- On what terms an item is sold and paid for, as JSON. catalogues and catalogue_items are what holds now.
ALTER TABLE catalogue_items ADD COLUMN terms TEXT NOT NULL DEFAULT '{}';

-- Every catalogue that a region ever had: each import that changed anything is a version, numbered from 1.
CREATE TABLE catalogue_versions (
  region TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL CHECK (version >= 1),
  digest TEXT NOT NULL,
  item_count BIGINT NOT NULL,
  entered_at_us BIGINT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (region, version)
);
CREATE TRIGGER catalogue_versions_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON catalogue_versions
  EXECUTE FUNCTION refuse_change('versions of a catalogue are never changed');

-- What a version changed: body is the item as JSON from that version on; NULL, the version removed it.
CREATE TABLE catalogue_rows (
  region TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  valid_from TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  body TEXT,
  PRIMARY KEY (region, code, valid_from, version),
  FOREIGN KEY (region, version) REFERENCES catalogue_versions
);
CREATE TRIGGER catalogue_rows_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON catalogue_rows
  EXECUTE FUNCTION refuse_change('rows of a catalogue are never changed');

INSERT INTO catalogue_versions (region, version, digest, item_count, entered_at_us, source)
SELECT region, 1, digest, item_count, entered_at_us, '' FROM catalogues;
INSERT INTO catalogue_rows (region, code, valid_from, version, body)
SELECT region, code, valid_from, 1, json_build_object(
  'code', code, 'name', name, 'kind', kind, 'catalogue_class', class, 'self_pay_share_ppm', self_pay_share_ppm,
  'ceiling_micro', ceiling_micro, 'ward', ward, 'valid_from', valid_from, 'valid_to', valid_to, 'classes',
  coalesce((SELECT json_agg(json_build_array(listed.key, listed.value)) FROM json_each(classes::JSON) AS listed), '[]')
)::TEXT FROM catalogue_items;
