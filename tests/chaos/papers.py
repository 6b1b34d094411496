"""What the people of a shop know, whatever becomes of their machines: cash, promises and wishes, on paper.

One line an event, appended by one system call: a program that is killed has either taken the cash and written
it down, or done neither.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from medsettle.models import Outcome


@dataclass
class Papers:
    """The drawer, what the till's cards said, what was wished undone, and what goes back to which sale.

    A sale and what is left of it after a return are one: their cash is counted together, by ``first``.
    ``undone`` has who was asked to undo a sale last, ``elsewhere`` what other tills than its own were asked.
    """

    path: Path
    taken_fen: dict[str, int] = field(default_factory=dict)
    refunded: set[str] = field(default_factory=set)
    first_of: dict[str, str] = field(default_factory=dict)
    told: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    undone: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _together: dict[str, list[str]] = field(default_factory=dict)
    _file: int | None = None

    @classmethod
    def read(cls, path: Path) -> "Papers":
        """Returns what stands there."""
        papers = cls(path)
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            kind, request_id, value = line.split(" ", 2)
            papers._note(kind, request_id, value)
        return papers

    def take(self, request_id: str, amount_fen: int) -> None:
        """The patient pays."""
        self._write("cash", request_id, str(amount_fen))

    def refund(self, request_id: str, amount_fen: int) -> None:
        """Pays back what is in the drawer, at most this; once a request id."""
        if request_id not in self.refunded:
            self._write("refund", request_id, str(-min(amount_fen, self.cash_fen(request_id))))

    def put_right(self, request_id: str, due_fen: int) -> None:
        """Gives back what was taken of the sale beyond what is due of what is left of it."""
        if fen := self.cash_fen(request_id) - due_fen:
            self._write("cash", request_id, str(-fen))

    def left_of(self, request_id: str) -> tuple[str, ...]:
        """Returns the ids under which a sale and what is left of it were sold."""
        first = self.first(request_id)
        return tuple(self._together.get(first, (first,)))

    def cash_fen(self, request_id: str) -> int:
        """Returns what is in the drawer of a sale and of what is left of it."""
        return sum(self.taken_fen.get(each, 0) for each in self.left_of(request_id))

    def first(self, request_id: str) -> str:
        """Returns the sale of which this one is left."""
        return self.first_of.get(request_id, request_id)

    def replaces(self, request_id: str, before: str) -> None:
        """A return is begun under an id of its own."""
        self._write("first", request_id, self.first(before))

    def undoes(self, terminal: str, request_id: str) -> None:
        """Somebody at a till wishes a sale undone."""
        self._write("undo", request_id, terminal)

    def says(self, terminal: str, request_id: str, outcome: Outcome) -> None:
        """A till has said that a sale is paid, or that it is not."""
        if self.told.get((terminal, request_id)) is not outcome:
            self._write("said", request_id, f"{outcome} {terminal}")

    def trouble(self, what: str) -> None:
        """Something happened that must not."""
        self._write("trouble", "-", " ".join(what.split()))

    def is_paid(self, request_id: str) -> bool:
        """Returns whether its own till last said that it is paid, and nobody wished it undone since."""
        own = request_id.rsplit("-", 3)[0]
        return request_id not in self.undone and self.told.get((own, request_id)) is Outcome.PAID

    def _write(self, kind: str, request_id: str, value: str) -> None:
        if self._file is None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        line = f"{kind} {request_id} {value}\n".encode()
        if os.write(self._file, line) != len(line):
            raise OSError(f"{self.path} is full")
        self._note(kind, request_id, value)

    def _note(self, kind: str, request_id: str, value: str) -> None:
        match kind:
            case "cash" | "refund":
                self.taken_fen[request_id] = self.taken_fen.get(request_id, 0) + int(value)
                if kind == "refund":
                    self.refunded.add(request_id)
            case "first":
                self.first_of[request_id] = value
                self._together.setdefault(value, [value]).append(request_id)
            case "undo":
                if not request_id.startswith(f"{value}-"):
                    self.elsewhere[request_id] = value
                self.undone[request_id] = value
            case "said":
                outcome, terminal = value.split(" ")
                self._hears(terminal, request_id, Outcome(outcome))
            case "trouble":
                self.troubles.append(value)

    def _hears(self, terminal: str, request_id: str, outcome: Outcome) -> None:
        """NOT_PAID stays so; and PAID, unless somebody wished it undone."""
        before = self.told.get((terminal, request_id))
        undone = before is Outcome.PAID and request_id in self.undone
        if before not in {None, outcome} and not undone:
            self.wrong.append(f"{terminal} said that {request_id} was {before}, then {outcome}")
        self.told[terminal, request_id] = outcome
