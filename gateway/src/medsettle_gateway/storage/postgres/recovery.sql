-- What a restore with loss left open. Instants are microseconds, days ISO text.

-- name: recovery
SELECT asked.place, opened.*
FROM unnest($1::TEXT[], $2::TEXT[], $3::BOOLEAN[]) WITH ORDINALITY AS asked (institution, terminal, own, place)
CROSS JOIN LATERAL (
  SELECT max(epoch),
    max(absent_until) FILTER (WHERE epoch > ended),
    min(lost_from_us) FILTER (WHERE epoch > ended),
    max(begun_at_us) FILTER (WHERE epoch > ended),
    min(begun_at_us) FILTER (WHERE epoch > ended)
  FROM recoveries CROSS JOIN (
    SELECT coalesce(max(epoch), 0) AS ended FROM recovery_ends
    WHERE scope IN ('', asked.institution, asked.terminal)
      AND (NOT asked.own OR (scope = asked.terminal AND author = ''))
  ) AS over
) AS opened;

-- Whose comparison is open, and who had a valid key since what is left. One that was enrolled after the restore may
-- have been enrolled before as well, in what was lost: nobody knows until it has compared, or people say so.
-- name: awaited
SELECT terminal, count(*) OVER (), max(max(begun_at_us)) OVER () FROM terminals JOIN recoveries ON epoch > (
  SELECT coalesce(max(epoch), 0) FROM recovery_ends WHERE scope IN ('', institution, terminal)
)
WHERE institution = $1 AND EXISTS (
  SELECT 1 FROM terminal_keys AS own WHERE own.terminal = terminals.terminal
  AND not_after_us > lost_from_us AND coalesce(revoked_at_us, not_after_us) > lost_from_us
  AND coalesce(compromised_at_us, not_after_us) > lost_from_us
)
GROUP BY terminal ORDER BY terminal LIMIT $2;

-- name: keep_reassertion
INSERT INTO reassertions (request_id, state, epoch, terminal, shown_at_us, became, findings, method, request_digest,
  nonce, key, timestamp_ms, code, answer_sealed, signature, certificate)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (request_id, state) DO NOTHING;

-- name: end_recovery
INSERT INTO recovery_ends (epoch, scope, ended_at_us, author, second_author, reason)
VALUES ($1, $2, $3, '', '', '') ON CONFLICT (epoch, scope, author) DO NOTHING;
