"""Entering a file as one transaction: every row is counted, every row that does not fit is listed."""

from typing import Final, NamedTuple

from medsettle_gateway.domain.register import Fault

FAULTS_MOST: Final = 10_000


class NotEnteredError(Exception):
    """Rows do not fit what is recorded. ``faults`` has at least one; nothing was entered."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} rows do not fit, the first on line {faults[0].line}: {faults[0].en}")
        self.faults = faults


class Entered(NamedTuple):
    """How many rows were new, changed something, or stood there already."""

    new_count: int = 0
    changed_count: int = 0
    same_count: int = 0
    removed_count: int = 0


class Tally:
    """Counts rows and gathers faults while a file is entered."""

    def __init__(self) -> None:
        self._counts = {"new": 0, "changed": 0, "same": 0}
        self._faults: list[Fault] = []

    def count(self, kind: str) -> None:
        """Counts one row as new, changed or same."""
        self._counts[kind] += 1

    def fault(self, line: int, zh: str, en: str) -> None:
        """Notes a row that cannot be entered."""
        if len(self._faults) < FAULTS_MOST:
            self._faults.append(Fault(line, zh, en))

    def entered(self, removed_count: int = 0) -> Entered:
        """Returns the counts. Raises NotEnteredError if there were faults."""
        if self._faults:
            raise NotEnteredError(tuple(self._faults))
        return Entered(self._counts["new"], self._counts["changed"], self._counts["same"], removed_count)
