-- What PostgreSQL is asked: an entry has an id, and once it is chained a position.

-- name: standing
SELECT coalesce(max(position), 0), (SELECT coalesce(max(entry), 0) FROM entries),
  (SELECT count(*) FROM entries) - count(*), (SELECT coalesce(max(block), 0) FROM blocks)
FROM positions;

-- name: unbalanced
SELECT entry, book, sum(amount_fen) FROM postings WHERE entry BETWEEN :first AND :last
GROUP BY entry, book HAVING sum(amount_fen) <> 0 ORDER BY entry, book;

-- The first place that is empty although a later one is not; where each has its entry, none is looked at twice.
-- name: gaps
SELECT 1 AS missing WHERE NOT EXISTS (SELECT 1 FROM positions WHERE position = 1)
  AND EXISTS (SELECT 1 FROM positions)
UNION ALL
SELECT * FROM (
  SELECT earlier.position + 1 FROM positions AS earlier
  WHERE (SELECT count(*) < max(position) OR min(position) < 1 FROM positions)
    AND NOT EXISTS (SELECT 1 FROM positions WHERE position = earlier.position + 1)
    AND earlier.position < (SELECT max(position) FROM positions)
  ORDER BY earlier.position LIMIT :most
) AS later;

-- name: orphans
SELECT * FROM (
  SELECT DISTINCT 'postings' AS name, entry FROM postings
  WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.entry = postings.entry)
  UNION ALL
  SELECT DISTINCT 'entry_counters', entry FROM entry_counters
  WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.entry = entry_counters.entry)
  UNION ALL
  SELECT 'positions', entry FROM positions
  WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.entry = positions.entry)
) AS orphans ORDER BY entry, name LIMIT :most;

-- What a sale's state and version say, and what its entries do. Of the last entry the kind is taken.
-- name: sales_and_entries
SELECT request_id, state, version, entry_count, kind, last FROM (
  SELECT request_id, count(*) AS entry_count, max(entry) AS last FROM entries
  WHERE request_id <> '' GROUP BY request_id
) AS counted
JOIN (SELECT entry AS last, kind FROM entries) AS ended USING (last)
FULL JOIN sales USING (request_id)
WHERE state IS DISTINCT FROM kind OR version IS DISTINCT FROM entry_count ORDER BY request_id LIMIT :most;

-- The drugs of a sale that is held or settled count as it says, those of any other do not.
-- name: dispensings
SELECT request_id, count(*) FILTER (WHERE missing > 0), count(*) FILTER (WHERE missing < 0) FROM (
  SELECT request_id, sum(handed_out) AS missing FROM (
    SELECT request_id, handed.number, drug ->> 0 AS drug, drug ->> 1 AS dispensed_on,
      drug ->> 2 AS days_supply, drug ->> 3 AS condition, drug ->> 4 AS benefit, 1 AS handed_out
    FROM (
      SELECT request_id, body::json #> '{effect,dispensed}' AS drugs FROM sales
      WHERE state IN ('HELD', 'SETTLED') OFFSET 0  -- each record is read once
    ) AS said CROSS JOIN json_array_elements(
      CASE WHEN json_typeof(drugs) = 'array' THEN drugs ELSE '[]' END
    ) WITH ORDINALITY AS handed (drug, number)
    WHERE drugs::text <> '[]'  -- most hand out none, and a list costs as much as a record to begin with
    UNION ALL
    SELECT request_id, number, drug, dispensed_on, days_supply::text, condition, benefit, -1 FROM dispensings
  ) AS drugs GROUP BY request_id, number, drug, dispensed_on, days_supply, condition, benefit
) AS compared GROUP BY request_id HAVING count(*) FILTER (WHERE missing <> 0) > 0
ORDER BY request_id LIMIT :most;

-- What keeps the ledger from being changed, as far as it is not there any more or is switched off.
-- name: guards
WITH guards (name, kept) AS (
  VALUES ('blocks_stand', 'blocks'), ('entries_stand', 'entries'), ('entry_counters_stand', 'entry_counters'),
    ('positions_stand', 'positions'), ('postings_stand', 'postings')
)
SELECT name FROM guards
WHERE NOT EXISTS (
  SELECT 1 FROM pg_trigger WHERE tgname = name AND tgrelid = to_regclass(kept) AND tgenabled IN ('O', 'A')
) ORDER BY name LIMIT :most;

-- name: unbalanced_positions
SELECT position, book, sum(amount_fen) FROM positions JOIN postings USING (entry) WHERE position BETWEEN :first AND :last
GROUP BY position, book HAVING sum(amount_fen) <> 0 ORDER BY position, book;

-- For what is asked of a range: through the indexes, whatever the server takes the whole for.
-- name: by_range
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true);

-- The lines of a table's rows, as the chain writes them where no text has to be escaped.
-- name: lines
SELECT position, convert_to({line}, 'UTF8')
FROM {table} WHERE position BETWEEN :first AND :last ORDER BY {order};

-- name: rows
SELECT {columns} FROM {table} WHERE position BETWEEN :first AND :last ORDER BY {order};

-- The lines of what each block covers, of the blocks that begin in a range.
-- name: section
SELECT block, count(*), convert_to(string_agg({line}, chr(10) ORDER BY {order}), 'UTF8')
FROM blocks JOIN {table} ON position BETWEEN first_position AND last_position
WHERE first_position BETWEEN :first AND :last GROUP BY block ORDER BY block;

-- What each book owes institutions for some business days.
-- name: owed
SELECT substr(account, 9), book, count(*), sum(owed_fen) FROM (
  SELECT account, book, -sum(amount_fen) AS owed_fen FROM entries JOIN postings USING (entry)
  WHERE account >= 'payable/' AND account < 'payable0' AND business_on BETWEEN :since AND :until
    AND (CAST(:institution AS TEXT) = '' OR account = 'payable/' || CAST(:institution AS TEXT))
  GROUP BY account, book, request_id HAVING sum(amount_fen) <> 0
) AS of_sales
GROUP BY account, book ORDER BY account, book LIMIT :most;

-- name: export
SELECT position, kind, request_id, committed_at_us, business_on, terminal, book, account, amount_fen
FROM positions JOIN entries USING (entry) JOIN postings USING (entry)
WHERE position BETWEEN :first AND :last AND business_on BETWEEN :since AND :until
  AND (:book::text = '' OR book = :book::text)
ORDER BY position, number;

-- Positions go to whatever was committed since, in the order in which it was inserted. What was written before
-- :behind, the oldest transaction that was open the last time, has its position.
-- name: give_positions
WITH waiting AS (
  SELECT entry FROM entries
  WHERE written_by >= :behind::text::xid8
    AND NOT EXISTS (SELECT 1 FROM positions WHERE positions.entry = entries.entry)
  ORDER BY entry LIMIT :most
), given AS (
  INSERT INTO positions (position, entry)
  SELECT (SELECT coalesce(max(position), 0) FROM positions) + row_number() OVER (ORDER BY entry), entry
  FROM waiting RETURNING entry
)
SELECT count(*), pg_snapshot_xmin(pg_current_snapshot())::text FROM given;

-- name: waiting_positions
SELECT coalesce((SELECT max(position) FROM positions), 0)
  - coalesce((SELECT last_position FROM blocks ORDER BY block DESC LIMIT 1), 0);

-- name: behind
SELECT value FROM settings WHERE name = 'positions_behind';

-- name: put_behind
INSERT INTO settings (name, value) VALUES ('positions_behind', :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- Numbers of transactions mean something in the cluster that gave them; a dump is restored into another one.
-- name: may_see_cluster
SELECT has_function_privilege('pg_control_system()', 'EXECUTE');

-- name: cluster
SELECT system_identifier::text FROM pg_control_system();
