-- What a restore with loss left open. Instants are microseconds, days ISO text.

-- name: recovery
SELECT max(epoch),
  max(CASE WHEN epoch > ended THEN absent_until END),
  min(CASE WHEN epoch > ended THEN lost_from_us END),
  max(CASE WHEN epoch > ended THEN begun_at_us END),
  min(CASE WHEN epoch > ended THEN begun_at_us END)
FROM recoveries CROSS JOIN (
  SELECT coalesce(max(epoch), 0) AS ended FROM recovery_ends
  WHERE scope IN ('', :institution, :terminal) AND (NOT :own OR (scope = :terminal AND author = ''))
);

-- Whose comparison is open, and who had a valid key since what is left. One that was enrolled after the restore may
-- have been enrolled before as well, in what was lost: nobody knows until it has compared, or people say so.
-- name: awaited
SELECT terminal, count(*) OVER (), max(max(begun_at_us)) OVER () FROM terminals JOIN recoveries ON epoch > (
  SELECT coalesce(max(epoch), 0) FROM recovery_ends WHERE scope IN ('', institution, terminal)
)
WHERE institution = :institution AND EXISTS (
  SELECT 1 FROM terminal_keys AS own WHERE own.terminal = terminals.terminal
  AND not_after_us > lost_from_us AND coalesce(revoked_at_us, not_after_us) > lost_from_us
  AND coalesce(compromised_at_us, not_after_us) > lost_from_us
)
GROUP BY terminal ORDER BY terminal LIMIT :limit;

-- name: keep_reassertion
INSERT INTO reassertions (request_id, state, epoch, terminal, shown_at_us, became, findings, method, request_digest,
  nonce, key, timestamp_ms, code, answer_sealed, signature, certificate)
VALUES (:request_id, :state, :epoch, :terminal, :shown_at_us, :became, :findings, :method, :request_digest,
  :nonce, :key, :timestamp_ms, :code, :answer_sealed, :signature, :certificate)
ON CONFLICT (request_id, state) DO NOTHING;

-- name: end_recovery
INSERT INTO recovery_ends (epoch, scope, ended_at_us, author, second_author, reason)
VALUES (:epoch, :scope, :ended_at_us, '', '', '') ON CONFLICT (epoch, scope, author) DO NOTHING;
