-- oldest: 2
-- Instants are microseconds since 1970, days are ISO text.

-- On what terms an item is sold and paid for, as JSON. catalogues and catalogue_items are what holds now.
ALTER TABLE catalogue_items ADD COLUMN terms TEXT NOT NULL DEFAULT '{}';

-- Every catalogue that a region ever had: each import that changed anything is a version, numbered from 1.
CREATE TABLE catalogue_versions (
  region TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  digest TEXT NOT NULL,
  item_count INTEGER NOT NULL,
  entered_at_us INTEGER NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (region, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER catalogue_versions_stay BEFORE DELETE ON catalogue_versions
BEGIN SELECT RAISE(ABORT, 'versions of a catalogue are never deleted'); END;
CREATE TRIGGER catalogue_versions_stand BEFORE UPDATE ON catalogue_versions
BEGIN SELECT RAISE(ABORT, 'versions of a catalogue are never changed'); END;

-- What a version changed: body is the item as JSON from that version on; NULL, the version removed it.
CREATE TABLE catalogue_rows (
  region TEXT NOT NULL,
  code TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT,
  PRIMARY KEY (region, code, valid_from, version),
  FOREIGN KEY (region, version) REFERENCES catalogue_versions
) STRICT, WITHOUT ROWID;
CREATE TRIGGER catalogue_rows_stay BEFORE DELETE ON catalogue_rows
BEGIN SELECT RAISE(ABORT, 'rows of a catalogue are never deleted'); END;
CREATE TRIGGER catalogue_rows_stand BEFORE UPDATE ON catalogue_rows
BEGIN SELECT RAISE(ABORT, 'rows of a catalogue are never changed'); END;

INSERT INTO catalogue_versions (region, version, digest, item_count, entered_at_us, source)
SELECT region, 1, digest, item_count, entered_at_us, '' FROM catalogues;
INSERT INTO catalogue_rows (region, code, valid_from, version, body)
SELECT region, code, valid_from, 1, json_object(
  'code', code, 'name', name, 'kind', kind, 'catalogue_class', class, 'self_pay_share_ppm', self_pay_share_ppm,
  'ceiling_micro', ceiling_micro, 'ward', ward, 'valid_from', valid_from, 'valid_to', valid_to, 'classes',
  json((SELECT json_group_array(json_array(listed.key, listed.value)) FROM json_each(classes) AS listed))
) FROM catalogue_items;

-- Traceability codes: where each stands sold now. split: its pack was opened, and several sales of one
-- institution may take parts of it, at most 200; else one.
CREATE TABLE trace_codes (
  code TEXT PRIMARY KEY,
  institution TEXT NOT NULL,
  split INTEGER NOT NULL CHECK (split IN (0, 1)),
  standing_count INTEGER NOT NULL CHECK (standing_count BETWEEN 0 AND 200),
  request_id TEXT NOT NULL,
  sold_at_us INTEGER NOT NULL,
  CHECK (split = 1 OR standing_count <= 1)
) STRICT, WITHOUT ROWID;

-- All that ever became of a code: a row for each time that a sale took it or gave it back.
CREATE TABLE trace_events (
  position INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  request_id TEXT NOT NULL,
  item_code TEXT NOT NULL,
  split INTEGER NOT NULL CHECK (split IN (0, 1)),
  sold INTEGER NOT NULL CHECK (sold IN (0, 1)),
  at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX trace_events_of ON trace_events (code, position);
CREATE TRIGGER trace_events_stay BEFORE DELETE ON trace_events
BEGIN SELECT RAISE(ABORT, 'what became of a code is never deleted'); END;
CREATE TRIGGER trace_events_stand BEFORE UPDATE ON trace_events
BEGIN SELECT RAISE(ABORT, 'what became of a code is never changed'); END;
