-- Every statement that decisions run, by name, for many keys or moves at once: parameters are arrays of one
-- length, and n is the place in them. Instants are microseconds, days ISO text, amounts fen. OFFSET 0 keeps a
-- lookup by row apart from the rest: it must stay one, however few rows there seem to be when it is planned.

-- name: begun
SELECT greatest(
  (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT, (SELECT max(committed_at_us) FROM entries)
);

-- name: last_entry
SELECT max(committed_at_us) FROM entries;

-- What is locked besides what was asked: all accounts that may pay for any of the people. One statement for all,
-- in the order of locks. Names are looked up before they are locked: what has changed meanwhile is noticed when
-- the facts are read.
-- name: lock
WITH asked (kind, name) AS (
  SELECT * FROM unnest($1::BIGINT[], $2::TEXT[])
), people (member) AS (
  SELECT name FROM asked WHERE kind = $3
), payers (payer) AS (
  SELECT member FROM people UNION SELECT payer FROM people JOIN families USING (member)
), wanted (kind, name) AS (
  SELECT kind, name FROM asked UNION SELECT $4, account FROM payers JOIN accounts ON accounts.member = payer
)
SELECT pg_advisory_xact_lock(hashtextextended(name, kind))
FROM (SELECT kind, name FROM wanted ORDER BY kind, name) AS ordered;

-- The same without waiting, and besides for whom the sales are of.
-- name: try_lock_with_people
WITH asked (kind, name, shared) AS (
  SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BOOLEAN[])
), people (member) AS (
  SELECT name FROM asked WHERE kind = $5
  UNION SELECT member FROM sales WHERE request_id = ANY ($4::TEXT[]) AND member IS NOT NULL
), payers (payer) AS (
  SELECT member FROM people UNION SELECT payer FROM people JOIN families USING (member)
), wanted (kind, name, shared) AS (
  SELECT kind, name, shared FROM asked
  UNION ALL SELECT $5, member, FALSE FROM people
  UNION ALL SELECT $6, account, FALSE FROM payers JOIN accounts ON accounts.member = payer
)
SELECT kind, name, shared, CASE
  WHEN shared THEN pg_try_advisory_xact_lock_shared(hashtextextended(name, kind))
  ELSE pg_try_advisory_xact_lock(hashtextextended(name, kind))
END AS had FROM (
  SELECT kind, name, bool_and(shared) AS shared FROM wanted GROUP BY kind, name ORDER BY kind, name
) AS ordered;

-- The places of the keys that lead to locks which others hold.
-- name: leading_to
WITH asked (kind, name, place) AS (
  SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BIGINT[])
), people (member, place) AS (
  SELECT name, place FROM asked WHERE kind = $6
  UNION SELECT member, place FROM unnest($4::TEXT[], $5::BIGINT[]) AS named (request_id, place)
  JOIN sales USING (request_id) WHERE member IS NOT NULL
), payers (payer, place) AS (
  SELECT member, place FROM people UNION SELECT payer, place FROM people JOIN families USING (member)
), wanted (kind, name, place) AS (
  SELECT kind, name, place FROM asked
  UNION ALL SELECT $6, member, place FROM people
  UNION ALL SELECT $7, account, place FROM payers JOIN accounts ON accounts.member = payer
)
SELECT DISTINCT place FROM wanted
JOIN unnest($8::BIGINT[], $9::TEXT[]) AS refused (kind, name) USING (kind, name) ORDER BY place;

-- name: try_lock
SELECT kind, name, shared, CASE
  WHEN shared THEN pg_try_advisory_xact_lock_shared(hashtextextended(name, kind))
  ELSE pg_try_advisory_xact_lock(hashtextextended(name, kind))
END AS had FROM unnest($1::BIGINT[], $2::TEXT[], $3::BOOLEAN[]) AS asked (kind, name, shared);

-- name: sale
SELECT request_id, body, ARRAY(
  SELECT body FROM settlements WHERE settlements.request_id = sales.request_id ORDER BY number
) FROM sales WHERE request_id = ANY ($1::TEXT[]);

-- Ids begin alike: behind '-' stands '.'.
-- name: ticket
SELECT n, request_id, state, created_at_us FROM unnest($1::TEXT[]) WITH ORDINALITY AS asked (ticket, n)
JOIN sales ON request_id >= ticket || '-' AND request_id < ticket || '.' ORDER BY n, attempt;

-- A member has few sales of late and an institution many: the collation keeps its index out of it.
-- name: recent_sales
SELECT n, request_id, state, created_at_us
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[]) WITH ORDINALITY
  AS asked (member, institution, basket_digest, since_us, most, n)
CROSS JOIN LATERAL (
  SELECT request_id, state, created_at_us FROM sales
  WHERE sales.member = asked.member AND created_at_us >= since_us
    AND sales.institution COLLATE "POSIX" = asked.institution AND sales.basket_digest = asked.basket_digest
    AND state IN ('PENDING', 'HELD', 'EXPIRED', 'SETTLED', 'UNDOING')
  ORDER BY created_at_us, request_id LIMIT most
) AS found ORDER BY n, created_at_us, request_id;

-- name: later_sales
SELECT n, request_id, body, ARRAY(
  SELECT body FROM settlements WHERE settlements.request_id = found.request_id ORDER BY number
)
FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) WITH ORDINALITY AS asked (member, since_us, most, n)
CROSS JOIN LATERAL (
  SELECT request_id, body, calculated_at_us FROM (
    SELECT request_id, body, calculated_at_us FROM sales
    WHERE state = 'SETTLED' AND sales.member = asked.member AND calculated_at_us >= since_us
    UNION ALL
    SELECT request_id, body, calculated_at_us FROM sales
    WHERE state = 'HELD' AND sales.member = asked.member AND calculated_at_us >= since_us
  ) AS calculated ORDER BY calculated_at_us, request_id LIMIT most
) AS found ORDER BY n, calculated_at_us, request_id;

-- name: settled_since
SELECT n, request_id, body, ARRAY(
  SELECT body FROM settlements WHERE settlements.request_id = found.request_id ORDER BY number
)
FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) WITH ORDINALITY AS asked (member, since_us, most, n)
CROSS JOIN LATERAL (
  SELECT request_id, body, settled_at_us FROM sales
  WHERE state = 'SETTLED' AND sales.member = asked.member AND settled_at_us >= since_us
  ORDER BY settled_at_us, request_id LIMIT most
) AS found ORDER BY n, settled_at_us, request_id;

-- name: past_sales
SELECT n, request_id, institution, created_at_us, held, body
FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) WITH ORDINALITY AS asked (member, since_us, most, n)
CROSS JOIN LATERAL (
  SELECT request_id, institution, created_at_us, state = 'HELD' AS held, body FROM sales
  WHERE sales.member = asked.member AND created_at_us >= since_us
    AND state IN ('PENDING', 'HELD', 'SETTLED')
  ORDER BY created_at_us DESC, request_id DESC LIMIT most
) AS found ORDER BY n, created_at_us, request_id;

-- Whoever may reserve what this member may use: the payers, and everyone whom one of them may pay for.
-- name: due_holds
SELECT n, request_id, body, ARRAY(
  SELECT body FROM settlements WHERE settlements.request_id = found.request_id ORDER BY number
)
FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) WITH ORDINALITY AS asked (member, due_us, most, n)
CROSS JOIN LATERAL (
  WITH payers (payer) AS (
    SELECT asked.member UNION SELECT payer FROM families WHERE families.member = asked.member
  ), people (person) AS (
    SELECT payer FROM payers UNION SELECT families.member FROM payers JOIN families USING (payer)
  )
  SELECT request_id, body, hold_expires_at_us FROM people CROSS JOIN LATERAL (
    SELECT request_id, body, hold_expires_at_us FROM sales
    WHERE state = 'HELD' AND sales.member = person AND hold_expires_at_us <= due_us OFFSET 0
  ) AS ended
  ORDER BY hold_expires_at_us, request_id LIMIT most
) AS found ORDER BY n, hold_expires_at_us, request_id;

-- name: stay_end
SELECT n, request_id, state, created_at_us
FROM unnest($1::TEXT[], $2::TEXT[]) WITH ORDINALITY AS asked (member, stay, n)
CROSS JOIN LATERAL (
  SELECT request_id, state, created_at_us FROM sales
  WHERE sales.member = asked.member AND ends_stay = stay AND state IN ('PENDING', 'HELD', 'SETTLED', 'UNDOING')
  OFFSET 0
) AS found ORDER BY n;

-- name: due_sales
SELECT request_id FROM (
  SELECT request_id, hold_expires_at_us AS ended_us FROM sales
  WHERE state = 'HELD' AND hold_expires_at_us >= 0 AND hold_expires_at_us <= $1
  UNION ALL
  SELECT request_id, hold_expires_at_us FROM sales
  WHERE state = 'EXPIRED' AND hold_expires_at_us >= 0 AND hold_expires_at_us <= $2
) AS due ORDER BY ended_us, request_id LIMIT $3;

-- name: errand
SELECT request_id, due_at_us, attempts FROM errands WHERE request_id = ANY($1::TEXT[]);

-- The authority is read as text: one body that is no JSON must not hide the others' errands.
-- name: due_errands
SELECT request_id, due_at_us, (
  SELECT substring(body FROM '"upstream":[{]"authority":"([^"]*)"')
  FROM sales WHERE sales.request_id = errands.request_id
) FROM errands
WHERE due_at_us <= $1 AND (due_at_us, request_id) > ($2::BIGINT, $3::TEXT)
ORDER BY due_at_us, request_id LIMIT $4;

-- name: put_errand
INSERT INTO errands (request_id, due_at_us, attempts)
SELECT * FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[])
ON CONFLICT (request_id) DO UPDATE SET due_at_us = excluded.due_at_us, attempts = excluded.attempts;

-- name: drop_errand
DELETE FROM errands WHERE request_id = ANY($1::TEXT[]);

-- name: list_sales
SELECT request_id, body, ARRAY(
  SELECT body FROM settlements WHERE settlements.request_id = sales.request_id ORDER BY number
) FROM sales
WHERE institution = $1
  AND (created_at_us, request_id) < ($2::BIGINT, $3::TEXT)
  AND (cardinality($4::TEXT[]) = 0 OR state = ANY ($4))
  AND ($5::TEXT IS NULL OR terminal = $5)
  AND ($6::TEXT IS NULL OR service_on >= $6)
  AND ($7::TEXT IS NULL OR service_on <= $7)
ORDER BY created_at_us DESC, request_id DESC LIMIT $8;

-- name: terminal
SELECT terminal, institution, till, state FROM terminals WHERE terminal = ANY ($1::TEXT[]);

-- name: key_record
SELECT key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us
FROM terminal_keys WHERE key = ANY ($1::TEXT[]);

-- name: terminal_keys
SELECT key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us
FROM terminal_keys WHERE terminal = ANY ($1::TEXT[]) ORDER BY not_before_us, key;

-- name: institution
SELECT code, name, region, kind, level, specialty, designations, state FROM institutions
WHERE code = ANY ($1::TEXT[]);

-- name: member
SELECT members.member, region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on,
  sealed
FROM members LEFT JOIN identities USING (member) WHERE members.member = ANY ($1::TEXT[]);

-- Of the rows that begin on one day the last one holds.
-- name: attributes
SELECT member, name, value, valid_from, valid_to, entered_at_us
FROM unnest($1::TEXT[]) AS asked (member) CROSS JOIN LATERAL (
  SELECT name, value, valid_from, valid_to, entered_at_us, position FROM member_attributes
  WHERE member_attributes.member = asked.member ORDER BY valid_from, name, position LIMIT $2
) AS found ORDER BY member, valid_from, name, position;

-- name: records
SELECT subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us
FROM unnest($1::TEXT[]) AS asked (subject) CROSS JOIN LATERAL (
  SELECT position, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM records
  WHERE records.subject = asked.subject ORDER BY position DESC LIMIT $2
) AS found ORDER BY subject, position;

-- name: sealed_identity
SELECT member, sealed FROM identities WHERE member = ANY ($1::TEXT[]);

-- The own account first, then those of everyone who ever bound one, in that order: what holds of a binding today
-- its records say.
-- name: accounts
SELECT asked.member, account, relation, owner, region, scheme, state, balance_fen, held_fen, sealed
FROM unnest($1::TEXT[]) AS asked (member) CROSS JOIN LATERAL (
  SELECT asked.member AS owner, 'self' AS relation, -1 AS tie
  UNION ALL
  SELECT payer, 'other', tie FROM families WHERE families.member = asked.member
) AS ties
JOIN accounts ON accounts.member = owner JOIN members ON members.member = owner
LEFT JOIN identities ON identities.member = owner
WHERE state <> 'closed' ORDER BY asked.member, tie;

-- name: counters
SELECT n, period, counter, measure, used, held
FROM unnest($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[])
  AS asked (n, member, region, scheme, period)
JOIN counters USING (member, region, scheme, period);

-- name: dispensed
SELECT n, request_id, drug, dispensed_on, days_supply, condition, benefit
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[]) WITH ORDINALITY
  AS asked (member, since, until, most, n)
CROSS JOIN LATERAL (
  SELECT request_id, drug, dispensed_on, days_supply, condition, benefit, position FROM dispensings
  WHERE dispensings.member = asked.member AND dispensed_on BETWEEN since AND until
  ORDER BY dispensed_on DESC, position DESC LIMIT most
) AS found ORDER BY n, dispensed_on, position;

-- name: orders
SELECT n, id, statement, signature, end_statement, end_signature
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[]) WITH ORDINALITY
  AS asked (region, institution, since, until, most, n)
CROSS JOIN LATERAL (
  SELECT id, given.statement, given.signature, ends.statement AS end_statement, ends.signature AS end_signature
  FROM emergency_order_places AS places JOIN emergency_orders AS given USING (id)
    LEFT JOIN emergency_order_ends AS ends USING (id)
  WHERE places.region = asked.region AND places.institution IN ('', asked.institution)
    AND places.holds_to >= since AND holds_from <= until
  ORDER BY id LIMIT most
) AS found ORDER BY n, id;

-- One statement, so that the digest is the one of these items. Code '' asks for the digest alone.
-- name: catalogue
SELECT region, digest, code, name, kind, class, self_pay_share_ppm, ceiling_micro, ward, valid_from, valid_to,
  classes, terms
FROM unnest($1::TEXT[], $2::TEXT[]) AS asked (region, code)
JOIN catalogues USING (region) LEFT JOIN catalogue_items USING (region, code)
ORDER BY region, code, valid_from;

-- Of the rows of a code that begin on one day the one of the latest version holds.
-- name: catalogue_known
SELECT DISTINCT ON (region, known_us, code, valid_from) region, known_us, digest, code, body
FROM unnest($1::TEXT[], $2::BIGINT[], $3::TEXT[]) AS asked (region, known_us, code)
CROSS JOIN LATERAL (
  SELECT version, digest FROM catalogue_versions
  WHERE catalogue_versions.region = asked.region AND entered_at_us <= known_us ORDER BY version DESC LIMIT 1
) AS known LEFT JOIN catalogue_rows USING (region, code)
WHERE catalogue_rows.version IS NULL OR catalogue_rows.version <= known.version
ORDER BY region, known_us, code, valid_from, catalogue_rows.version DESC;

-- name: credential_use
SELECT credential_id, request_id FROM credentials_used WHERE credential_id = ANY ($1::TEXT[]);

-- name: enrol_code
SELECT code_hash, institution, till, expires_at_us, used_by_key FROM enrol_codes
WHERE code_hash = ANY ($1::TEXT[]);

-- name: nonce
SELECT sender, nonce FROM unnest($1::TEXT[], $2::TEXT[]) AS asked (sender, nonce)
JOIN nonces USING (sender, nonce);

-- name: insert_sale
INSERT INTO sales (request_id, state, version, member, basket_digest, service_on, calculated_at_us,
  hold_expires_at_us, settled_at_us, ends_stay, body, institution, till, day, number, attempt, terminal,
  created_at_us)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
  $8::BIGINT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::BIGINT[],
  $16::BIGINT[], $17::TEXT[], $18::BIGINT[]);

-- name: update_sale
UPDATE sales SET state = given.state, version = given.version, member = given.member,
  basket_digest = given.basket_digest, service_on = given.service_on, calculated_at_us = given.calculated_at_us,
  hold_expires_at_us = given.hold_expires_at_us, settled_at_us = given.settled_at_us,
  ends_stay = given.ends_stay, body = given.body
FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
  $8::BIGINT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[]) AS given (request_id, state, version, member,
  basket_digest, service_on, calculated_at_us, hold_expires_at_us, settled_at_us, ends_stay, body)
WHERE sales.request_id = given.request_id AND sales.version = given.version - 1;

-- name: put_settlement
INSERT INTO settlements (request_id, number, body) SELECT * FROM unnest($1::TEXT[], $2::BIGINT[], $3::TEXT[])
ON CONFLICT (request_id, number) DO UPDATE SET body = excluded.body WHERE settlements.body <> excluded.body;

-- name: drop_settlements
DELETE FROM settlements USING unnest($1::TEXT[], $2::BIGINT[]) AS kept (request_id, count)
WHERE settlements.request_id = kept.request_id AND number > kept.count;

-- Ids are given in the order of the rows.
-- name: insert_entry
INSERT INTO entries (kind, request_id, committed_at_us, business_on, terminal, operator, reason)
SELECT kind, request_id, committed_at_us, business_on, terminal, operator, reason
FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[])
  WITH ORDINALITY AS given (kind, request_id, committed_at_us, business_on, terminal, operator, reason, n)
ORDER BY n RETURNING entry;

-- name: insert_posting
INSERT INTO postings (entry, number, book, account, amount_fen)
SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[]);

-- name: insert_entry_counter
INSERT INTO entry_counters (entry, number, member, region, scheme, period, counter, measure, used_delta,
  held_delta)
SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
  $8::TEXT[], $9::BIGINT[], $10::BIGINT[]);

-- name: move_balance
UPDATE accounts SET balance_fen = balance_fen + moved.balance_delta_fen, held_fen = held_fen + moved.held_delta_fen
FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) AS moved (account, balance_delta_fen, held_delta_fen)
WHERE accounts.account = moved.account;

-- Not an upsert: its inserted row would have to satisfy the checks before the sum does.
-- name: move_counter
WITH given AS (
  SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
    $8::BIGINT[]) AS given (member, region, scheme, period, counter, measure, used_delta, held_delta)
), moved AS (
  UPDATE counters SET used = used + used_delta, held = held + held_delta FROM given
  WHERE counters.member = given.member AND counters.region = given.region AND counters.scheme = given.scheme
    AND counters.period = given.period AND counters.counter = given.counter
    AND counters.measure = given.measure
)
INSERT INTO counters (member, region, scheme, period, counter, measure, used, held)
SELECT * FROM given WHERE NOT EXISTS (
  SELECT 1 FROM counters WHERE counters.member = given.member AND counters.region = given.region
    AND counters.scheme = given.scheme AND counters.period = given.period
    AND counters.counter = given.counter AND counters.measure = given.measure
);

-- name: insert_dispensing
INSERT INTO dispensings (request_id, number, member, drug, dispensed_on, days_supply, condition, benefit)
SELECT request_id, number, member, drug, dispensed_on, days_supply, condition, benefit
FROM unnest($1::TEXT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[], $8::TEXT[])
  WITH ORDINALITY
  AS given (request_id, number, member, drug, dispensed_on, days_supply, condition, benefit, n)
ORDER BY n;

-- name: drop_dispensings
DELETE FROM dispensings WHERE request_id = ANY ($1::TEXT[]);

-- name: use_credential
INSERT INTO credentials_used (credential_id, request_id, used_at_us, expires_at_us)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::BIGINT[]);

-- name: free_credential
DELETE FROM credentials_used USING unnest($1::TEXT[], $2::TEXT[]) AS freed (credential_id, request_id)
WHERE credentials_used.credential_id = freed.credential_id AND credentials_used.request_id = freed.request_id;

-- name: keep_proxy
INSERT INTO proxies (request_id, sealed, kept_at_us)
SELECT * FROM unnest($1::TEXT[], $2::BYTEA[], $3::BIGINT[]);

-- name: keep_nonce
INSERT INTO nonces (sender, nonce, until_us) SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[]);

-- name: forget_nonces
DELETE FROM nonces WHERE until_us < $1;

-- name: put_terminal
INSERT INTO terminals (terminal, institution, till, state)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[])
ON CONFLICT (terminal) DO UPDATE SET state = excluded.state;

-- name: put_terminal_key
INSERT INTO terminal_keys (key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us,
  compromised_at_us)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BYTEA[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[],
  $8::BIGINT[]);

-- name: end_terminal_key
UPDATE terminal_keys SET not_after_us = least(terminal_keys.not_after_us, given.not_after_us)
FROM unnest($1::TEXT[], $2::BIGINT[]) AS given (key, not_after_us) WHERE terminal_keys.key = given.key;

-- name: use_enrol_code
UPDATE enrol_codes SET used_by_key = given.key, used_at_us = given.used_at_us
FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[]) AS given (code_hash, key, used_at_us)
WHERE enrol_codes.code_hash = given.code_hash AND used_by_key IS NULL;
