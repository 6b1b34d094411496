-- What an audit asks. The first are the summary; each of the others finds what must not be there.

-- name: entry_count
SELECT count(*) FROM entries;

-- name: posting_count
SELECT count(*) FROM postings;

-- name: sales
SELECT state, count(*) FROM sales GROUP BY state ORDER BY state;

-- name: open_sales
SELECT request_id, state FROM sales WHERE state IN ('PENDING', 'HELD', 'EXPIRED', 'UNDOING')
ORDER BY created_at_us, request_id;

-- name: funds
SELECT book, sum(amount_fen) FROM postings WHERE account = 'benefit' GROUP BY book ORDER BY book;

-- name: accounts
SELECT coalesce(sum(balance_fen), 0), coalesce(sum(held_fen), 0) FROM accounts;

-- name: cash
SELECT coalesce(sum(amount_fen), 0) FROM postings WHERE account LIKE 'cash/%';

-- name: unbalanced_books
SELECT position, book, sum(amount_fen) AS off_fen FROM postings GROUP BY position, book HAVING off_fen <> 0;

-- name: gaps
SELECT count(*) AS entries, coalesce(max(position), 0) AS last FROM entries HAVING entries <> last;

-- Both sides are added up and then compared: one pass, however many accounts there are.
-- name: wrong_balances
SELECT account, sum(balance_fen), sum(held_fen), sum(posted_balance_fen), sum(posted_held_fen) FROM (
  SELECT account, balance_fen, held_fen, 0 AS posted_balance_fen, 0 AS posted_held_fen FROM accounts
  UNION ALL
  SELECT substr(account, 8), 0, 0, -amount_fen, 0 FROM postings WHERE account LIKE 'member/%'
  UNION ALL
  SELECT substr(account, 6), 0, 0, 0, -amount_fen FROM postings WHERE account LIKE 'held/%'
) GROUP BY account
HAVING sum(balance_fen) <> sum(posted_balance_fen) OR sum(held_fen) <> sum(posted_held_fen);

-- name: wrong_counters
SELECT member, period, counter, measure, sum(used), sum(held), sum(moved_used), sum(moved_held) FROM (
  SELECT member, region, scheme, period, counter, measure, used, held, 0 AS moved_used, 0 AS moved_held
  FROM counters
  UNION ALL
  SELECT member, region, scheme, period, counter, measure, 0, 0, used_delta, held_delta FROM entry_counters
) GROUP BY member, region, scheme, period, counter, measure
HAVING sum(used) <> sum(moved_used) OR sum(held) <> sum(moved_held);

-- The drugs of a sale that is held or settled count as it says, those of any other do not.
-- name: wrong_dispensings
SELECT request_id, sum(missing > 0), sum(missing < 0) FROM (
  SELECT request_id, sum(handed_out) AS missing FROM (
    SELECT request_id, key + 1 AS number, json_extract(value, '$[0]') AS drug,
      json_extract(value, '$[1]') AS dispensed_on, json_extract(value, '$[2]') AS days_supply,
      json_extract(value, '$[3]') AS condition, json_extract(value, '$[4]') AS benefit, 1 AS handed_out
    FROM sales CROSS JOIN json_each(body, '$.effect.dispensed') WHERE state IN ('HELD', 'SETTLED')
    UNION ALL
    SELECT request_id, number, drug, dispensed_on, days_supply, condition, benefit, -1 FROM dispensings
  ) GROUP BY request_id, number, drug, dispensed_on, days_supply, condition, benefit
) GROUP BY request_id HAVING sum(missing <> 0) > 0;

-- name: wrong_states
SELECT request_id, state, kind FROM (
  SELECT request_id, kind, max(position) FROM entries WHERE request_id <> '' GROUP BY request_id
) CROSS JOIN sales USING (request_id)
WHERE kind <> state;

-- name: wrong_versions
SELECT request_id, version, transitions FROM (
  SELECT request_id, count(*) AS transitions FROM entries WHERE request_id <> '' GROUP BY request_id
) CROSS JOIN sales USING (request_id)
WHERE transitions <> version;

-- name: sales_without_entries
SELECT request_id FROM sales WHERE NOT EXISTS (
  SELECT 1 FROM entries WHERE entries.request_id = sales.request_id AND entries.request_id <> ''
);

-- name: entries_without_sales
SELECT position, request_id FROM entries WHERE request_id <> '' AND NOT EXISTS (
  SELECT 1 FROM sales WHERE sales.request_id = entries.request_id
);
