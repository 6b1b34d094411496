-- What both stores are asked in the same words. At most :most rows are listed, the first of them first.

-- name: entry_count
SELECT count(*) FROM entries;

-- name: posting_count
SELECT count(*) FROM postings;

-- name: sales
SELECT state, count(*) FROM sales GROUP BY state ORDER BY state;

-- name: open_sales
SELECT request_id, state FROM sales WHERE state IN ('PENDING', 'HELD', 'EXPIRED', 'UNDOING')
ORDER BY created_at_us, request_id LIMIT :most;

-- name: has_postings
SELECT 1 FROM postings WHERE book = :book LIMIT 1;

-- name: names
SELECT DISTINCT book FROM postings ORDER BY book LIMIT :most;

-- name: funds
SELECT book, sum(amount_fen) FROM postings WHERE account = 'benefit' GROUP BY book ORDER BY book;

-- name: accounts
SELECT coalesce(sum(balance_fen), 0), coalesce(sum(held_fen), 0) FROM accounts;

-- name: cash
SELECT coalesce(sum(amount_fen), 0) FROM postings WHERE account >= 'cash/' AND account < 'cash0';

-- Both sides are added up and then compared: one pass, however many accounts there are.
-- name: balances
SELECT account, sum(balance_fen), sum(held_fen), sum(posted_balance_fen), sum(posted_held_fen) FROM (
  SELECT account, balance_fen, held_fen, 0 AS posted_balance_fen, 0 AS posted_held_fen FROM accounts
  UNION ALL
  SELECT substr(account, 8), 0, 0, -sum(amount_fen), 0 FROM postings
  WHERE account >= 'member/' AND account < 'member0' GROUP BY account
  UNION ALL
  SELECT substr(account, 6), 0, 0, 0, -amount_fen FROM postings WHERE account >= 'held/' AND account < 'held0'
) AS sides GROUP BY account
HAVING sum(balance_fen) <> sum(posted_balance_fen) OR sum(held_fen) <> sum(posted_held_fen)
ORDER BY account LIMIT :most;

-- name: counters
SELECT member, region, scheme, period, counter, measure, sum(used), sum(held), sum(moved_used), sum(moved_held)
FROM (
  SELECT member, region, scheme, period, counter, measure, used, held, 0 AS moved_used, 0 AS moved_held
  FROM counters
  UNION ALL
  SELECT member, region, scheme, period, counter, measure, 0, 0, used_delta, held_delta FROM entry_counters
) AS sides GROUP BY member, region, scheme, period, counter, measure
HAVING sum(used) <> sum(moved_used) OR sum(held) <> sum(moved_held)
ORDER BY member, region, scheme, period, counter, measure LIMIT :most;

-- What counts as dispensed of each prescribed drug, and what the sales that stand draw of it.
-- name: prescriptions
SELECT institution, number, item_code, sum(counted_e4), sum(drawn_e4) FROM (
  SELECT institution, number, item_code, drawn_e4 AS counted_e4, 0 AS drawn_e4 FROM prescribed_drugs
  UNION ALL
  SELECT draws.institution, draws.number, item_code, 0, quantity_e4
  FROM prescription_draws AS draws JOIN sales USING (request_id)
  WHERE state IN ('PENDING', 'HELD', 'SETTLED', 'UNDOING')
) AS sides GROUP BY institution, number, item_code
HAVING sum(counted_e4) <> sum(drawn_e4) ORDER BY institution, number, item_code LIMIT :most;

-- In how many sales each traceability code stands, and how many of those that stand have taken it.
-- name: codes
SELECT code, sum(standing_count), sum(taken_count) FROM (
  SELECT code, standing_count, 0 AS taken_count FROM trace_codes WHERE standing_count > 0
  UNION ALL
  SELECT code, 0, CASE WHEN sold THEN 1 ELSE -1 END FROM trace_events JOIN sales USING (request_id)
  WHERE state IN ('PENDING', 'HELD', 'SETTLED', 'UNDOING')
) AS sides GROUP BY code
HAVING sum(standing_count) <> sum(taken_count) ORDER BY code LIMIT :most;

-- name: sale_records
SELECT request_id, body FROM sales WHERE request_id > :after ORDER BY request_id LIMIT :most;

-- name: head
SELECT block, first_position, last_position, sealed_at_us, marks, hash FROM blocks ORDER BY block DESC LIMIT 1;

-- name: block_of_hash
SELECT block FROM blocks WHERE hash = :hash;

-- A block belongs to the range in which it begins. Beside it stands how the block before it ends.
-- name: blocks
SELECT blocks.block, blocks.first_position, blocks.last_position, blocks.sealed_at_us, blocks.marks, blocks.hash,
  earlier.last_position, earlier.hash
FROM blocks LEFT JOIN blocks AS earlier ON earlier.block = blocks.block - 1
WHERE blocks.first_position BETWEEN :first AND :last ORDER BY blocks.block;

-- name: add_block
INSERT INTO blocks (block, first_position, last_position, sealed_at_us, marks, hash)
VALUES (:block, :first_position, :last_position, :sealed_at_us, :marks, :hash);
