-- name: trace_codes
SELECT code, institution, request_id, sold_at_us, split, standing_count FROM trace_codes
WHERE code IN (SELECT value FROM json_each(:codes)) AND standing_count > 0;

-- Only what stands sold nowhere, or in parts at the same place, can be sold.
-- name: sell_code
INSERT INTO trace_codes (code, institution, split, standing_count, request_id, sold_at_us)
VALUES (?, ?, ?, 1, ?, ?)
ON CONFLICT (code) DO UPDATE SET
  institution = excluded.institution, split = excluded.split, standing_count = standing_count + 1,
  request_id = excluded.request_id, sold_at_us = excluded.sold_at_us
WHERE standing_count = 0
  OR (split = 1 AND excluded.split = 1 AND institution = excluded.institution AND standing_count < 200);

-- name: return_code
UPDATE trace_codes SET standing_count = standing_count - 1 WHERE code = ? AND standing_count > 0;

-- name: trace_event
INSERT INTO trace_events (code, request_id, item_code, split, sold, at_us) VALUES (?, ?, ?, ?, ?, ?);
