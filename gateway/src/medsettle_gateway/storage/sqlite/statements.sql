-- Every statement that decisions run, by name. Instants are microseconds, days ISO text, amounts fen.

-- name: sale
SELECT body FROM sales WHERE request_id = :request_id;

-- name: settlements
SELECT body FROM settlements WHERE request_id = :request_id ORDER BY number;

-- name: sales
SELECT request_id, body FROM sales WHERE request_id IN (SELECT value FROM json_each(:request_ids));

-- name: ticket
SELECT request_id, state, created_at_us FROM sales
WHERE institution = :institution AND till = :till AND day = :day AND number = :number ORDER BY attempt;

-- Each of what many ask for has its place before it: [[0, institution, till, day, number], ...].
-- name: tickets
SELECT json_extract(asked.value, '$[0]'), request_id, state, created_at_us
FROM json_each(:asked) AS asked CROSS JOIN sales
  ON institution = json_extract(asked.value, '$[1]') AND till = json_extract(asked.value, '$[2]') AND day = json_extract(asked.value, '$[3]')
  AND number = json_extract(asked.value, '$[4]')
ORDER BY attempt;

-- name: recent_sales
SELECT request_id, state, created_at_us FROM sales INDEXED BY sales_of_member
WHERE member = :member AND institution = :institution AND created_at_us >= :since_us
  AND basket_digest = :basket_digest AND state IN ('PENDING', 'HELD', 'EXPIRED', 'SETTLED', 'UNDOING')
ORDER BY created_at_us, request_id LIMIT :limit;

-- name: recent_sales_of_many
SELECT json_extract(asked.value, '$[0]'), request_id, state, created_at_us
FROM json_each(:asked) AS asked CROSS JOIN sales
  INDEXED BY sales_of_member
  ON member = json_extract(asked.value, '$[1]') AND institution = json_extract(asked.value, '$[2]') AND created_at_us >= json_extract(asked.value, '$[4]')
  AND basket_digest = json_extract(asked.value, '$[3]')
WHERE member IS NOT NULL AND state IN ('PENDING', 'HELD', 'EXPIRED', 'SETTLED', 'UNDOING')
ORDER BY created_at_us, request_id;

-- name: later_sales
SELECT request_id, body FROM (
  SELECT request_id, body, calculated_at_us FROM sales
  WHERE state = 'SETTLED' AND member = :member AND calculated_at_us >= :since_us
  UNION ALL
  SELECT request_id, body, calculated_at_us FROM sales
  WHERE state = 'HELD' AND member = :member AND calculated_at_us >= :since_us
) ORDER BY calculated_at_us, request_id LIMIT :limit;

-- name: settled_since
SELECT request_id, body FROM sales
WHERE state = 'SETTLED' AND member = :member AND settled_at_us >= :since_us
ORDER BY settled_at_us, request_id LIMIT :limit;

-- name: past_sales
SELECT request_id, institution, created_at_us, state = 'HELD', body FROM sales INDEXED BY sales_of_member
WHERE member = :member AND created_at_us >= :since_us AND state IN ('PENDING', 'HELD', 'SETTLED')
ORDER BY created_at_us DESC, request_id DESC LIMIT :limit;

-- Whoever may reserve what this member may use: the payers, and everyone whom one of them may pay for.
-- name: due_holds
WITH payers (payer) AS (
  SELECT :member UNION SELECT payer FROM families WHERE member = :member
), people (person) AS (
  SELECT payer FROM payers UNION SELECT member FROM families WHERE payer IN (SELECT payer FROM payers)
)
SELECT request_id, body FROM sales
WHERE state = 'HELD' AND member IN (SELECT person FROM people) AND hold_expires_at_us <= :due_us
ORDER BY hold_expires_at_us, request_id LIMIT :limit;

-- name: due_anywhere
SELECT 1 FROM sales WHERE state = 'HELD' AND hold_expires_at_us <= :due_us LIMIT 1;

-- name: stay_end
SELECT request_id, state, created_at_us FROM sales
WHERE member = :member AND ends_stay = :stay AND state IN ('PENDING', 'HELD', 'SETTLED', 'UNDOING');

-- name: due_sales
SELECT request_id FROM (
  SELECT request_id, hold_expires_at_us AS ended_us FROM sales
  WHERE state = 'HELD' AND hold_expires_at_us <= :hold_due_us
  UNION ALL
  SELECT request_id, hold_expires_at_us FROM sales
  WHERE state = 'EXPIRED' AND hold_expires_at_us <= :day_due_us
) ORDER BY ended_us, request_id LIMIT :limit;

-- name: errand
SELECT due_at_us, attempts FROM errands WHERE request_id = :request_id;

-- name: due_errands
SELECT request_id, due_at_us, (
  SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.upstream.authority') END
  FROM sales WHERE sales.request_id = errands.request_id
) FROM errands
WHERE due_at_us <= :due_us AND (due_at_us, request_id) > (:after_us, :after_id)
ORDER BY due_at_us, request_id LIMIT :limit;

-- name: put_errand
INSERT INTO errands (request_id, due_at_us, attempts) VALUES (:request_id, :due_at_us, :attempts)
ON CONFLICT (request_id) DO UPDATE SET due_at_us = excluded.due_at_us, attempts = excluded.attempts;

-- name: drop_errand
DELETE FROM errands WHERE request_id = :request_id;

-- name: list_sales
SELECT request_id, body FROM sales
WHERE institution = :institution
  AND (created_at_us, request_id) < (:after_us, :after_id)
  AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
  AND (:terminal IS NULL OR terminal = :terminal)
  AND (:service_from IS NULL OR service_on >= :service_from)
  AND (:service_to IS NULL OR service_on <= :service_to)
ORDER BY created_at_us DESC, request_id DESC LIMIT :page_size;

-- name: terminal
SELECT terminal, institution, till, state FROM terminals WHERE terminal = :terminal;

-- name: terminals
SELECT terminal, institution, till, state FROM terminals
WHERE terminal IN (SELECT value FROM json_each(:terminals));

-- name: key_record
SELECT key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us
FROM terminal_keys WHERE key = :key;

-- name: key_records
SELECT key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us
FROM terminal_keys WHERE key IN (SELECT value FROM json_each(:keys));

-- name: terminal_keys
SELECT key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us
FROM terminal_keys WHERE terminal = :terminal ORDER BY not_before_us, key;

-- name: institution
SELECT code, name, region, kind, level, specialty, designations, state FROM institutions WHERE code = :code;

-- name: member
SELECT member, region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on
FROM members WHERE member = :member;

-- name: members
SELECT member, region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on, sealed
FROM members LEFT JOIN identities USING (member) WHERE member IN (SELECT value FROM json_each(:members));

-- Of the rows that begin on one day the last one holds.
-- name: attributes
SELECT name, value, valid_from, valid_to, entered_at_us FROM member_attributes
WHERE member = :member ORDER BY valid_from, name, position LIMIT :limit;

-- name: attributes_of_many
SELECT member, name, value, valid_from, valid_to, entered_at_us FROM member_attributes
WHERE member IN (SELECT value FROM json_each(:members)) ORDER BY valid_from, name, position;

-- name: records
SELECT kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM (
  SELECT position, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM records
  WHERE subject = :subject ORDER BY position DESC LIMIT :limit
) ORDER BY position;

-- name: records_of_many
SELECT subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM records
WHERE subject IN (SELECT value FROM json_each(:subjects)) ORDER BY subject, position;

-- name: sealed_identity
SELECT sealed FROM identities WHERE member = :member;

-- The own account first, then those of everyone who ever bound one, in that order: what holds of a binding today
-- its records say.
-- name: accounts
SELECT account, relation, owner, region, scheme, state, balance_fen, held_fen FROM (
  SELECT :member AS owner, 'self' AS relation, -1 AS tie
  UNION ALL
  SELECT payer, 'other', tie FROM families WHERE member = :member
) JOIN accounts ON accounts.member = owner JOIN members ON members.member = owner
WHERE state <> 'closed' ORDER BY tie;

-- name: accounts_of_many
SELECT asked, account, relation, owner, region, scheme, state, balance_fen, held_fen, sealed FROM (
  SELECT value AS asked, value AS owner, 'self' AS relation, -1 AS tie FROM json_each(:members)
  UNION ALL
  SELECT member, payer, 'other', tie FROM families WHERE member IN (SELECT value FROM json_each(:members))
) JOIN accounts ON accounts.member = owner JOIN members ON members.member = owner
  LEFT JOIN identities ON identities.member = owner
WHERE state <> 'closed' ORDER BY tie;

-- name: counters
SELECT period, counter, measure, used, held FROM counters
WHERE member = :member AND region = :region AND scheme = :scheme
  AND period IN (SELECT value FROM json_each(:periods));

-- name: counters_of_many
SELECT json_extract(asked.value, '$[0]'), counters.period, counter, measure, used, held
FROM json_each(:asked) AS asked CROSS JOIN counters
  ON member = json_extract(asked.value, '$[1]') AND region = json_extract(asked.value, '$[2]') AND scheme = json_extract(asked.value, '$[3]')
  AND period = json_extract(asked.value, '$[4]');

-- name: dispensed
SELECT request_id, drug, dispensed_on, days_supply, condition, benefit FROM dispensings
WHERE member = :member AND dispensed_on BETWEEN :since AND :until
ORDER BY dispensed_on DESC, position DESC LIMIT :limit;

-- name: orders
SELECT id, emergency_orders.statement, emergency_orders.signature, ends.statement, ends.signature
FROM emergency_order_places AS places JOIN emergency_orders USING (id)
  LEFT JOIN emergency_order_ends AS ends USING (id)
WHERE places.region = :region AND places.institution IN ('', :institution)
  AND places.holds_to >= :since AND holds_from <= :until ORDER BY id LIMIT :limit;

-- name: catalogue
SELECT digest FROM catalogues WHERE region = :region;

-- name: catalogue_items
SELECT code, name, kind, class, self_pay_share_ppm, ceiling_micro, ward, valid_from, valid_to, classes, terms
FROM catalogue_items WHERE region = :region AND code IN (SELECT value FROM json_each(:codes))
ORDER BY code, valid_from;

-- name: catalogue_known
SELECT digest, version FROM catalogue_versions WHERE region = :region AND entered_at_us <= :known_us
ORDER BY version DESC LIMIT 1;

-- Of the rows of a code that begin on one day the one of the latest version holds.
-- name: catalogue_items_known
SELECT code, body FROM (
  SELECT code, valid_from, body, max(version) FROM catalogue_rows
  WHERE region = :region AND code IN (SELECT value FROM json_each(:codes)) AND version <= :version
  GROUP BY code, valid_from
) WHERE body IS NOT NULL ORDER BY code, valid_from;

-- name: credential_use
SELECT request_id FROM credentials_used WHERE credential_id = :credential_id;

-- name: credential_uses
SELECT credential_id, request_id FROM credentials_used
WHERE credential_id IN (SELECT value FROM json_each(:credentials));

-- name: enrol_code
SELECT code_hash, institution, till, expires_at_us, used_by_key FROM enrol_codes WHERE code_hash = :code_hash;

-- name: nonce
SELECT 1 FROM nonces WHERE sender = :sender AND nonce = :nonce;

-- name: insert_sale
INSERT INTO sales (request_id, institution, till, day, number, attempt, terminal, state, version, member,
  basket_digest, service_on, created_at_us, calculated_at_us, hold_expires_at_us, settled_at_us,
  ends_stay, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT));

-- name: update_sale
UPDATE sales SET state = :state, version = :version, member = :member, basket_digest = :basket_digest,
  service_on = :service_on, calculated_at_us = :calculated_at_us, hold_expires_at_us = :hold_expires_at_us,
  settled_at_us = :settled_at_us, ends_stay = :ends_stay, body = CAST(:body AS TEXT)
WHERE request_id = :request_id AND version = :version - 1;

-- name: put_settlement
INSERT INTO settlements (request_id, number, body) VALUES (?, ?, CAST(? AS TEXT))
ON CONFLICT (request_id, number) DO UPDATE SET body = excluded.body WHERE body <> excluded.body;

-- name: drop_settlements
DELETE FROM settlements WHERE request_id = :request_id AND number > :count;

-- name: last_position
SELECT coalesce(max(position), 0) FROM entries;

-- name: insert_entry
INSERT INTO entries (position, kind, request_id, committed_at_us, business_on, terminal, operator, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_entry
SELECT committed_at_us FROM entries WHERE position = (SELECT max(position) FROM entries);

-- name: insert_posting
INSERT INTO postings (position, number, book, account, amount_fen)
VALUES (?, ?, ?, ?, ?);

-- name: insert_entry_counter
INSERT INTO entry_counters (position, number, member, region, scheme, period, counter, measure, used_delta,
  held_delta)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: move_balance
UPDATE accounts SET balance_fen = balance_fen + ?2, held_fen = held_fen + ?3 WHERE account = ?1;

-- name: move_counter
UPDATE counters SET used = used + ?7, held = held + ?8
WHERE member = ?1 AND region = ?2 AND scheme = ?3 AND period = ?4 AND counter = ?5 AND measure = ?6;

-- name: begin_counter
INSERT INTO counters (member, region, scheme, period, counter, measure, used, held)
VALUES (?, ?, ?, ?, ?, ?, 0, 0)
ON CONFLICT (member, region, scheme, period, counter, measure) DO NOTHING;

-- name: insert_dispensing
INSERT INTO dispensings (request_id, number, member, drug, dispensed_on, days_supply, condition, benefit)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: drop_dispensings
DELETE FROM dispensings WHERE request_id = :request_id;

-- name: use_credential
INSERT INTO credentials_used (credential_id, request_id, used_at_us, expires_at_us)
VALUES (?, ?, ?, ?);

-- name: free_credential
DELETE FROM credentials_used WHERE credential_id = :credential_id AND request_id = :request_id;

-- name: keep_proxy
INSERT INTO proxies (request_id, sealed, kept_at_us) VALUES (?, ?, ?);

-- name: keep_nonce
INSERT INTO nonces (sender, nonce, until_us) VALUES (:sender, :nonce, :until_us);

-- name: forget_nonces
DELETE FROM nonces WHERE until_us < :before_us;

-- name: put_terminal
INSERT INTO terminals (terminal, institution, till, state) VALUES (:terminal, :institution, :till, :state)
ON CONFLICT (terminal) DO UPDATE SET state = excluded.state;

-- name: put_terminal_key
INSERT INTO terminal_keys (key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us,
  compromised_at_us)
VALUES (:key, :terminal, :suite, :public_key, :not_before_us, :not_after_us, :revoked_at_us,
  :compromised_at_us);

-- name: end_terminal_key
UPDATE terminal_keys SET not_after_us = min(not_after_us, :not_after_us) WHERE key = :key;

-- name: use_enrol_code
UPDATE enrol_codes SET used_by_key = :key, used_at_us = :used_at_us
WHERE code_hash = :code_hash AND used_by_key IS NULL;
