-- Books of many sales in an empty database. n counts {members} and {sales} from 0; {key} is what an entry is called.

INSERT INTO members (member, region, scheme, standing, enrolment, aid, conditions, covered_from)
SELECT 'm' || n, '210300', 'employee', 'active', 'pooled_and_account', 'none', '[]', '2010-01-01' FROM {members};

INSERT INTO accounts (account, member, state, opening_fen, balance_fen, held_fen)
SELECT 'a' || n, 'm' || n, 'active', 1000000, 1000000 - 3000 * {often}, 0 FROM {members};

INSERT INTO entries ({key}, kind, request_id, committed_at_us, business_on, terminal, operator, reason) {given}
SELECT n + 1, 'OPENING', '', {at_us} + n, '2026-03-01', '', '', 'a register' FROM {members};

INSERT INTO entries ({key}, kind, request_id, committed_at_us, business_on, terminal, operator, reason) {given}
SELECT {entry}, 'SETTLED', {request_id}, {at_us} + n, '2026-03-02', 'H21030200001-01', '03', '' FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT n + 1, 1, '210300/employee/accounts', 'opening', 1000000 FROM {members};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT n + 1, 2, '210300/employee/accounts', 'member/a' || n, -1000000 FROM {members};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 1, '210300/employee/pooled', 'benefit', 5000 FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 2, '210300/employee/pooled', 'payable/H21030200001', -5000 FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 3, '210300/employee/accounts', 'member/a' || (n / {often}), 3000 FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 4, '210300/employee/accounts', 'payable/H21030200001', -3000 FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 5, 'memo/H21030200001', 'cash/H21030200001', 4000 FROM {sales};

INSERT INTO postings ({key}, number, book, account, amount_fen)
SELECT {entry}, 6, 'memo/H21030200001', 'charged/H21030200001', -4000 FROM {sales};

INSERT INTO entry_counters ({key}, number, member, region, scheme, period, counter, measure, used_delta, held_delta)
SELECT {entry}, 1, 'm' || (n / {often}), '210300', 'employee', '2026', 'general_outpatient', 'paid', 5000, 0
FROM {sales};

INSERT INTO entry_counters ({key}, number, member, region, scheme, period, counter, measure, used_delta, held_delta)
SELECT {entry}, 2, 'm' || (n / {often}), '210300', 'employee', '2026', 'general_outpatient', 'deductible', 2000, 0
FROM {sales};

INSERT INTO counters (member, region, scheme, period, counter, measure, used, held)
SELECT 'm' || n, '210300', 'employee', '2026', 'general_outpatient', 'paid', 5000 * {often}, 0 FROM {members};

INSERT INTO counters (member, region, scheme, period, counter, measure, used, held)
SELECT 'm' || n, '210300', 'employee', '2026', 'general_outpatient', 'deductible', 2000 * {often}, 0
FROM {members};

INSERT INTO sales (request_id, institution, till, day, number, attempt, terminal, state, version, member,
  basket_digest, service_on, created_at_us, calculated_at_us, settled_at_us, body)
SELECT {request_id}, 'H21030200001', '01', '2026-03-02', n, 1, 'H21030200001-01', 'SETTLED', 1,
  'm' || (n / {often}), 'digest', '2026-03-02', {at_us} + n, {at_us} + n, {at_us} + n, '{body}' FROM {sales};
