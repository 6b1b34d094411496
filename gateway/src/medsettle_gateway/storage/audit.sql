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

-- name: wrong_balances
WITH sums AS (
  SELECT owner AS account, sum(iif(place = 'member', -amount_fen, 0)) AS balance_fen,
    sum(iif(place = 'held', -amount_fen, 0)) AS held_fen
  FROM (
    SELECT substr(account, 1, instr(account, '/') - 1) AS place,
      substr(account, instr(account, '/') + 1) AS owner, amount_fen
    FROM postings WHERE account LIKE 'member/%' OR account LIKE 'held/%'
  ) GROUP BY owner
), both AS (
  SELECT account FROM accounts UNION SELECT account FROM sums
)
SELECT account, accounts.balance_fen, accounts.held_fen, coalesce(sums.balance_fen, 0),
  coalesce(sums.held_fen, 0)
FROM both LEFT JOIN accounts USING (account) LEFT JOIN sums USING (account)
WHERE accounts.balance_fen IS NOT coalesce(sums.balance_fen, 0)
  OR accounts.held_fen IS NOT coalesce(sums.held_fen, 0)
ORDER BY account;

-- name: wrong_counters
WITH sums AS (
  SELECT member, region, scheme, period, counter, measure, sum(used_delta) AS used, sum(held_delta) AS held
  FROM entry_counters GROUP BY member, region, scheme, period, counter, measure
), both AS (
  SELECT member, region, scheme, period, counter, measure FROM counters
  UNION SELECT member, region, scheme, period, counter, measure FROM sums
)
SELECT member, period, counter, measure, counters.used, counters.held, coalesce(sums.used, 0),
  coalesce(sums.held, 0)
FROM both LEFT JOIN counters USING (member, region, scheme, period, counter, measure)
  LEFT JOIN sums USING (member, region, scheme, period, counter, measure)
WHERE counters.used IS NOT coalesce(sums.used, 0) OR counters.held IS NOT coalesce(sums.held, 0)
ORDER BY member, period, counter, measure;

-- name: wrong_states
SELECT request_id, state, kind FROM sales LEFT JOIN entries USING (request_id)
WHERE position IS (SELECT max(position) FROM entries e WHERE e.request_id = sales.request_id)
  AND kind IS NOT state
ORDER BY request_id;

-- name: wrong_versions
SELECT request_id, version, count(position) AS transitions FROM sales LEFT JOIN entries USING (request_id)
GROUP BY request_id HAVING transitions <> version;
