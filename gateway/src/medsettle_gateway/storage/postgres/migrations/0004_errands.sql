-- oldest: 1

-- What remote authorities are still to be asked: one row a sale that is PENDING or UNDOING. Who takes an errand
-- up puts off when it is due, and has it for himself until then.
CREATE TABLE errands (
  request_id TEXT COLLATE "C" PRIMARY KEY REFERENCES sales,
  due_at_us BIGINT NOT NULL,
  attempts BIGINT NOT NULL CHECK (attempts >= 0)
);
CREATE INDEX errands_due ON errands (due_at_us, request_id);

-- Operators look for late confirmations that were refused.
CREATE INDEX sales_released ON sales (created_at_us) WHERE state = 'RELEASED';
