"""What operators enter, all of a file or nothing: members, families, sums of earlier years."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.entry import CounterMove
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.register import Fault, MemberRecord, Rows, YearSum
from medsettle_gateway.ledger.transition import moves_of_entry, opening_counters
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.doubles import Doubles
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.facts import write
from medsettle_gateway.storage.members import ID_NUMBER, NUMBER, SOCIAL_CARD, Members
from medsettle_gateway.storage.rotation import refuse_pending
from medsettle_gateway.storage.sealing import Sealer

_UNKNOWN: Final = ("没有这个个人编号", "no member has this number")

_PUT_YEAR_SUM: Final = (
    "INSERT INTO year_sums (member, period, counter, measure, amount_fen) VALUES (?, ?, ?, ?, ?)"
)


class Registered(NamedTuple):
    """A member's reference, and where the person is insured."""

    member: str
    region: str
    scheme: str


def member_of(connection: Connection, sealer: Sealer, number: str) -> str | None:
    """Returns the reference of the member with this number, or None."""
    hashes = sealer.finds(NUMBER, number)
    among = ", ".join("?" * len(hashes))
    found = connection.execute(
        f"SELECT member FROM identities WHERE number_hash IN ({among})", hashes  # noqa: S608 - only ?
    ).fetchone()
    return None if found is None else str(found[0])


class Holder(NamedTuple):
    """Somebody who has a number, and where insured on which days: one a period of cover."""

    member: str
    region: str
    covered_from: date
    covered_to: date | None


_HOLDERS: Final = {
    ID_NUMBER: "id_number_hash",
    SOCIAL_CARD: "social_card_hash",
}
_FIND_HOLDERS: Final = """
SELECT member, region, covered_from, covered_to FROM identities JOIN members USING (member)
WHERE {} IN ({}) ORDER BY member LIMIT ?
"""
_HOLDERS_MOST: Final = 16
"""More people than that never have one number; whoever asks learns that it is more than one."""


def holders_of(connection: Connection, sealer: Sealer, kind: str, number: str) -> tuple[Holder, ...]:
    """Returns who has this number of an identity card (``id_number``) or a social card (``social_card``).

    By periods of cover where these are recorded, which then alone say where and when; else by the register's
    row.
    """
    hashes = sealer.finds(kind, number)
    among = ", ".join("?" * len(hashes))
    found = connection.execute(
        _FIND_HOLDERS.format(_HOLDERS[kind], among), (*hashes, _HOLDERS_MOST)
    ).fetchall()
    periods = Doubles(connection).periods(str(member) for member, *_ in found)
    holders: list[Holder] = []
    for member, region, covered_from, covered_to in found:
        last_on = None if covered_to is None else date.fromisoformat(covered_to)
        row = Holder(str(member), str(region), date.fromisoformat(covered_from), last_on)
        spans = periods.get(row.member, ())
        dated = [Holder(row.member, each.cover.region, each.first_on, each.last_on) for each in spans]
        holders += dated or [row]
    return tuple(holders)


@dataclass(frozen=True, slots=True)
class People:
    """Members, their accounts, families and years, inside a writing transaction.

    ``new_reference`` gives random references for members and accounts. ``source`` names the file, for the
    books.
    """

    connection: Connection
    sealer: Sealer
    now: datetime
    new_reference: Callable[[], str]
    source: str

    def enter_members(
        self, rows: Rows[MemberRecord], doubtful: Callable[[Fault], None] = lambda _: None
    ) -> Entered:
        """Enters members: new ones with their account's opening balance, known ones with what changed.

        An account that is open keeps its balance: the row must repeat what it was opened with, or leave it
        empty. Raises NotEnteredError with every row that does not fit, ConfigError while one key of numbers
        takes the place of another: the same person could not be told under both. ``doubtful`` is told of
        each row that is entered and covers a person whom another number covers on the same day.
        """
        refuse_pending(self.connection, self.sealer)
        tally = Tally()
        doubles = Doubles(self.connection)
        members = Members(self.connection, self.sealer, self.now, self.new_reference, self.source, doubles)
        for batch in batches(rows, lambda row: row[1].number):
            members.enter(batch, tally)
        for each in members.finish(tally):
            doubtful(each)
        return tally.entered()

    def enter_years(self, rows: Rows[YearSum]) -> Entered:
        """Enters what an older system had counted, each sum once; the ledger shows it as an opening.

        Raises NotEnteredError with every row that names nobody or differs from what was entered before.
        """
        tally = Tally()
        for batch in batches(rows):
            found = self.found(each.number for _, each in batch)
            sums = self._year_sums(each.member for each in found.values())
            new: list[tuple[Registered, YearSum]] = []
            for line, each in batch:
                member = found.get(each.number)
                if member is None:
                    tally.fault(line, f"member_no {_UNKNOWN[0]}", f"member_no: {_UNKNOWN[1]}")
                    continue
                key = (member.member, *each.key)
                before = sums.get(key)
                if before is None:
                    sums[key] = each.amount_fen
                    new.append((member, each))
                    tally.count("new")
                elif before == each.amount_fen:
                    tally.count("same")
                else:
                    tally.fault(line, *_another_sum(before))
            self._open_counters(new)
        return tally.entered()

    def found(self, numbers: Iterable[str]) -> dict[str, Registered]:
        """Returns the members with these numbers, by number; who is not known is not among them."""
        by_hash = {each: number for number in numbers for each in self.sealer.finds(NUMBER, number)}
        rows = asked_of(
            self.connection,
            "SELECT number_hash, member, region, scheme FROM identities JOIN members USING (member) "
            "WHERE number_hash IN (:among)",
            by_hash,
        )
        return {by_hash[bytes(number_hash)]: Registered(*registered) for number_hash, *registered in rows}

    def member_of(self, number: str) -> str | None:
        """Returns the reference of the member with this number, or None."""
        return member_of(self.connection, self.sealer, number)

    def _year_sums(self, members: Iterable[str]) -> dict[tuple[str, ...], int]:
        """By member, period, counter and measure: what was entered before."""
        rows = asked_of(
            self.connection,
            "SELECT member, period, counter, measure, amount_fen FROM year_sums WHERE member IN (:among)",
            members,
        )
        return {tuple(key): int(amount_fen) for *key, amount_fen in rows}

    def _open_counters(self, new: Sequence[tuple[Registered, YearSum]]) -> None:
        if not new:
            return
        self.connection.executemany(
            _PUT_YEAR_SUM, [(member.member, *each.key, each.amount_fen) for member, each in new]
        )
        moves: list[Move] = []
        for member, each in new:
            if each.amount_fen:
                move = CounterMove(*member, each.key, each.amount_fen, 0)
                moves.extend(moves_of_entry(opening_counters((move,), self.now, self.source)))
        write(self.connection, self.sealer, moves)


def _another_sum(before_fen: int) -> tuple[str, str]:
    amount = format_fen(before_fen)
    return (
        f"amount_yuan 与已录入的 {amount} 不同;已录入的累计不能更改",
        f"amount_yuan is not the {amount} that was entered before, which cannot be changed",
    )

