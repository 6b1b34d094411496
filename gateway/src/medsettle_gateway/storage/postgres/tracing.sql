-- name: trace_codes
SELECT code, institution, request_id, sold_at_us, split, standing_count FROM trace_codes
WHERE code = ANY ($1::TEXT[]) AND standing_count > 0;

-- Only what stands sold nowhere, or in parts at the same place, can be sold.
-- name: sell_code
INSERT INTO trace_codes (code, institution, split, standing_count, request_id, sold_at_us)
SELECT code, institution, split, 1, request_id, sold_at_us
FROM unnest($1::TEXT[], $2::TEXT[], $3::BOOLEAN[], $4::TEXT[], $5::BIGINT[])
  AS given (code, institution, split, request_id, sold_at_us)
ON CONFLICT (code) DO UPDATE SET
  institution = excluded.institution, split = excluded.split, standing_count = trace_codes.standing_count + 1,
  request_id = excluded.request_id, sold_at_us = excluded.sold_at_us
WHERE trace_codes.standing_count = 0
  OR (
    trace_codes.split AND excluded.split AND trace_codes.institution = excluded.institution
    AND trace_codes.standing_count < 200
  );

-- name: return_code
UPDATE trace_codes SET standing_count = standing_count - 1 FROM unnest($1::TEXT[]) AS given (returned)
WHERE code = returned AND standing_count > 0;

-- name: trace_event
INSERT INTO trace_events (code, request_id, item_code, split, sold, at_us)
SELECT code, request_id, item_code, split, sold, at_us
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BOOLEAN[], $5::BOOLEAN[], $6::BIGINT[])
  WITH ORDINALITY AS given (code, request_id, item_code, split, sold, at_us, n) ORDER BY n;
