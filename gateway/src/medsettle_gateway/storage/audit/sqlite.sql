-- What the embedded database is asked: an entry is named by its position there.

-- name: standing
SELECT coalesce(max(position), 0), coalesce(max(position), 0), 0, (SELECT coalesce(max(block), 0) FROM blocks)
FROM entries;

-- name: unbalanced
SELECT position, book, sum(amount_fen) FROM postings WHERE position BETWEEN :first AND :last
GROUP BY position, book HAVING sum(amount_fen) <> 0 ORDER BY position, book;

-- The first place that is empty although a later one is not; where each has its entry, none is looked at twice.
-- name: gaps
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM entries WHERE position = 1)
  AND EXISTS (SELECT 1 FROM entries)
UNION ALL
SELECT * FROM (
  SELECT earlier.position + 1 FROM (
    SELECT count(*) AS there, min(position) AS first, max(position) AS last FROM entries
  ) AS whole CROSS JOIN entries AS earlier
  WHERE (there < last OR first < 1) AND earlier.position < last
    AND NOT EXISTS (SELECT 1 FROM entries WHERE position = earlier.position + 1)
  ORDER BY earlier.position LIMIT :most
);

-- Where no place is empty, whatever belongs to no entry stands outside.
-- name: orphans
SELECT * FROM (SELECT 'postings', position FROM postings WHERE position < 1 ORDER BY position LIMIT :most)
UNION ALL
SELECT * FROM (
  SELECT 'postings', position FROM postings WHERE position > (SELECT max(position) FROM entries)
  ORDER BY position LIMIT :most
)
UNION ALL
SELECT * FROM (
  SELECT 'entry_counters', position FROM entry_counters WHERE position < 1 ORDER BY position LIMIT :most
)
UNION ALL
SELECT * FROM (
  SELECT 'entry_counters', position FROM entry_counters WHERE position > (SELECT max(position) FROM entries)
  ORDER BY position LIMIT :most
);

-- Is any sale off, in its state, its version or its drugs? A record is long, and each is read once. Drugs are
-- compared as the texts of their lists: where those differ, the questions below say what is wrong, if anything is.
-- name: sales_off
SELECT request_id, group_concat(state) AS state, sum(version) AS version, sum(entry) AS entry_count, kind,
  max(position) AS last, group_concat(said) AS said, group_concat(counted) AS counted
FROM (
  SELECT request_id, state, version, 0 AS entry, '' AS kind, 0 AS position, CASE WHEN state IN ('HELD', 'SETTLED')
    THEN nullif(nullif(json_array(json_extract(body, '$.effect.dispensed')), '[[]]'), '[null]') END AS said,
    NULL AS counted
  FROM sales NOT INDEXED
  UNION ALL
  SELECT request_id, NULL, 0, 1, kind, position, NULL, NULL FROM entries NOT INDEXED WHERE request_id <> ''
  UNION ALL
  SELECT request_id, NULL, 0, 0, '', 0, NULL, CASE WHEN min(number) = 1 AND max(number) = count(*)
    THEN json_array(json_group_array(json_array(drug, dispensed_on, days_supply, condition, benefit))) ELSE '' END
  FROM (SELECT * FROM dispensings ORDER BY request_id, number) GROUP BY request_id
) GROUP BY request_id
HAVING group_concat(state) IS NOT kind OR sum(version) <> sum(entry) OR group_concat(said) IS NOT group_concat(counted)
LIMIT 1;

-- What a sale's state and version say, and what its entries do. Of the last entry the kind is taken.
-- name: sales_and_entries
SELECT request_id, group_concat(state), sum(version), sum(entry), kind, max(position) FROM (
  SELECT request_id, state, version, 0 AS entry, '' AS kind, 0 AS position FROM sales NOT INDEXED
  UNION ALL
  SELECT request_id, NULL, 0, 1, kind, position FROM entries NOT INDEXED WHERE request_id <> ''
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

-- What each block covers, of the blocks that begin in a range, as lines or as lists. A block's rows lie in their order.
-- name: section
SELECT block, count(*), CAST({section} AS BLOB)
FROM blocks CROSS JOIN {table} ON position BETWEEN first_position AND last_position
WHERE first_position BETWEEN :first AND :last GROUP BY block ORDER BY block;

-- What each book owes institutions for some business days.
-- name: owed
SELECT substr(account, 9), book, count(*), sum(owed_fen) FROM (
  SELECT account, book, -sum(amount_fen) AS owed_fen FROM entries JOIN postings USING (position)
  WHERE account >= 'payable/' AND account < 'payable0' AND business_on BETWEEN :since AND :until
    AND (CAST(:institution AS TEXT) = '' OR account = 'payable/' || CAST(:institution AS TEXT))
  GROUP BY account, book, request_id HAVING sum(amount_fen) <> 0
) AS of_sales
GROUP BY account, book ORDER BY account, book LIMIT :most;

-- name: export
SELECT entries.position, kind, request_id, committed_at_us, business_on, terminal, book, account, amount_fen
FROM entries JOIN postings USING (position)
WHERE entries.position BETWEEN :first AND :last AND business_on BETWEEN :since AND :until
  AND (CAST(:book AS TEXT) = '' OR book = :book)
ORDER BY entries.position, number;
