-- oldest: 2

-- What remote authorities are still to be asked: one row a sale that is PENDING or UNDOING. Who takes an errand
-- up puts off when it is due, and has it for himself until then.
CREATE TABLE errands (
  request_id TEXT PRIMARY KEY REFERENCES sales,
  due_at_us INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX errands_due ON errands (due_at_us, request_id);

-- Operators look for late confirmations that were refused.
CREATE INDEX sales_released ON sales (created_at_us) WHERE state = 'RELEASED';
