-- What the embedded database is asked: an entry is named by its position there.

-- name: standing
SELECT coalesce(max(position), 0), coalesce(max(position), 0), 0, (SELECT coalesce(max(block), 0) FROM blocks)
FROM entries;

-- name: unbalanced
SELECT position, book, sum(amount_fen) FROM postings WHERE position BETWEEN :first AND :last
GROUP BY position, book HAVING sum(amount_fen) <> 0 ORDER BY position, book;

-- The first place that is empty although a later one is not.
-- name: gaps
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM entries WHERE position = 1)
  AND EXISTS (SELECT 1 FROM entries)
UNION ALL
SELECT * FROM (
  SELECT position + 1 FROM entries AS earlier
  WHERE NOT EXISTS (SELECT 1 FROM entries WHERE position = earlier.position + 1)
    AND position < (SELECT max(position) FROM entries)
  ORDER BY position LIMIT :most
);

-- Where no place is empty, whatever belongs to no entry stands outside.
-- name: orphans
SELECT 'postings', position FROM (
  SELECT position FROM postings WHERE position > (SELECT max(position) FROM entries) OR position < 1
  ORDER BY position LIMIT :most
)
UNION ALL
SELECT 'entry_counters', position FROM (
  SELECT position FROM entry_counters WHERE position > (SELECT max(position) FROM entries) OR position < 1
  ORDER BY position LIMIT :most
);

-- What a sale's state and version say, and what its entries do. Of the last entry the kind is taken.
-- name: sales_and_entries
SELECT request_id, group_concat(state), sum(version), sum(entry), kind, max(position) FROM (
  SELECT request_id, state, version, 0 AS entry, '' AS kind, 0 AS position FROM sales
  UNION ALL
  SELECT request_id, NULL, 0, 1, kind, position FROM entries WHERE request_id <> ''
) GROUP BY request_id
HAVING group_concat(state) IS NOT kind OR sum(version) <> sum(entry) ORDER BY request_id LIMIT :most;

-- The drugs of a sale that is held or settled count as it says, those of any other do not.
-- name: dispensings
SELECT request_id, sum(missing > 0), sum(missing < 0) FROM (
  SELECT request_id, sum(handed_out) AS missing FROM (
    SELECT request_id, key + 1 AS number, json_extract(value, '$[0]') AS drug,
      json_extract(value, '$[1]') AS dispensed_on, json_extract(value, '$[2]') AS days_supply,
      json_extract(value, '$[3]') AS condition, json_extract(value, '$[4]') AS benefit, 1 AS handed_out
    FROM sales CROSS JOIN json_each(body, '$.effect.dispensed') WHERE state IN ('HELD', 'SETTLED')
    UNION ALL
    SELECT request_id, number, drug, dispensed_on, days_supply, condition, benefit, -1 FROM dispensings
  ) GROUP BY request_id, number, drug, dispensed_on, days_supply, condition, benefit
) GROUP BY request_id HAVING sum(missing <> 0) > 0 ORDER BY request_id LIMIT :most;

-- What keeps the ledger from being changed, as far as it is not there any more.
-- name: guards
WITH guards (name) AS (
  VALUES ('blocks_stand'), ('blocks_stay'), ('entries_stand'), ('entries_stay'), ('entry_counters_stand'),
    ('entry_counters_stay'), ('postings_stand'), ('postings_stay')
)
SELECT name FROM guards
WHERE name NOT IN (SELECT name FROM sqlite_schema WHERE type = 'trigger') ORDER BY name LIMIT :most;

-- name: unbalanced_positions
SELECT position, book, sum(amount_fen) FROM postings WHERE position BETWEEN :first AND :last
GROUP BY position, book HAVING sum(amount_fen) <> 0 ORDER BY position, book;

-- It looks through the indexes anyway.
-- name: by_range
SELECT 1;

-- The lines of a table's rows, as the chain writes them where no text has to be escaped.
-- name: lines
SELECT position, CAST({line} AS BLOB)
FROM {table} WHERE position BETWEEN :first AND :last ORDER BY {order};

-- name: rows
SELECT {columns} FROM {table} WHERE position BETWEEN :first AND :last ORDER BY {order};

-- The lines of what each block covers, of the blocks that begin in a range. A block's rows lie in their order.
-- name: section
SELECT block, count(*), CAST(group_concat({line}, char(10)) AS BLOB)
FROM blocks CROSS JOIN {table} ON position BETWEEN first_position AND last_position
WHERE first_position BETWEEN :first AND :last GROUP BY block ORDER BY block;

-- name: export
SELECT entries.position, kind, request_id, committed_at_us, business_on, terminal, book, account, amount_fen
FROM entries JOIN postings USING (position)
WHERE entries.position BETWEEN :first AND :last AND business_on BETWEEN :since AND :until
  AND (CAST(:book AS TEXT) = '' OR book = :book)
ORDER BY entries.position, number;
