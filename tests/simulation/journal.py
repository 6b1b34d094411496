"""A till's journal as a disk that outlives its program: what was written stands, what was not does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from medsettle.errors import till_error
from medsettle.evidence import Evidence
from medsettle.record import SaleRecord
from medsettle.sale import is_closed
from medsettle.ticket import RequestId
from medsettle.till_reasons import TillReason
from medsettle_gateway.rpc.authentication import milliseconds
from tests.simulation.city import BEGIN


class Disk:
    """What the journal holds."""

    def __init__(self) -> None:
        self.records: dict[str, SaleRecord] = {}
        self.proofs: dict[str, list[Evidence]] = {}
        self.counters: dict[tuple[str, date], int] = {}
        self.proven_ms = 0
        self.began_ms = milliseconds(BEGIN)


class SimulatedJournal:
    """The journal of one run of a till, over its disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def begin(self, record: SaleRecord) -> None:
        self.write(record)

    def write(self, record: SaleRecord, evidence: Evidence | None = None) -> None:
        known = self.disk.records.get(record.request_id)
        if record.version != (known.version + 1 if known else record.version):
            raise till_error(TillReason.JOURNAL_UNAVAILABLE, cause=f"an older version of {record.request_id}")
        self.disk.records[record.request_id] = replace(record, tried=frozenset(), waiting=False)
        if evidence is not None:
            self.disk.proofs.setdefault(record.request_id, []).append(evidence)
            self.disk.proven_ms = max(self.disk.proven_ms, evidence.timestamp_ms)

    def load(self, request_id: str) -> SaleRecord | None:
        return self.disk.records.get(request_id)

    def attempts(self, ticket: RequestId) -> Sequence[SaleRecord]:
        name = str(ticket).rpartition("-")[0]
        found = [record for key, record in self.disk.records.items() if key.rpartition("-")[0] == name]
        return sorted(found, key=lambda record: RequestId.parse(record.request_id).attempt)

    def unfinished(self) -> Sequence[SaleRecord]:
        return [record for record in self.disk.records.values() if not is_closed(record)]

    def evidence(self, request_id: str) -> Sequence[Evidence]:
        return self.disk.proofs.get(request_id, [])

    def began_ms(self, now_ms: int) -> int:
        return self.disk.began_ms

    def answered_since(self, since_ms: int, after: tuple[int, str], limit: int) -> Sequence[tuple[int, str]]:
        latest = [
            (max(proof.timestamp_ms for proof in proofs), request_id)
            for request_id, proofs in self.disk.proofs.items()
        ]
        return sorted(each for each in latest if each[0] >= since_ms and each > after)[:limit]

    def has_counted(self, terminal: str) -> bool:
        return any(key[0] == terminal for key in self.disk.counters)

    def next_number(self, terminal: str, on: date, after: int = 0) -> str:
        used = [
            int(ticket.number)
            for ticket in map(RequestId.parse, self.disk.records)
            if (ticket.terminal, ticket.on) == (terminal, on)
        ]
        number = 1 + max(after, self.disk.counters.get((terminal, on), 0), *used, 0)
        self.disk.counters[terminal, on] = number
        return str(number)

    def proven_ms(self) -> int:
        return self.disk.proven_ms

    def close(self) -> None:
        """Nothing to let go of."""
