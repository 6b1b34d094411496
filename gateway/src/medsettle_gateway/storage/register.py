"""What operators enter, all of a file or nothing: members, families, sums of earlier years."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.domain.register import FamilyTie, MemberRecord, Rows, YearSum
from medsettle_gateway.ledger.transition import moves_of_entry, opening, opening_counters
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.sealing import Identity, Sealer
from medsettle_gateway.storage.sqlite.writing import write

_NUMBER, _ID_NUMBER = "number", "id_number"
_COLUMNS: Final = (
    "region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on"
)
_CLOSED: Final = (
    "个人账户已经注销,不能重新开户;请留空 account_yuan 和 account_state",
    "the account was closed and is not opened again: leave account_yuan and account_state empty",
)
_UNBORN: Final = ("born_on 晚于今天", "born_on is after today")
_UNKNOWN: Final = ("没有这个个人编号", "no member has this number")


@dataclass(frozen=True, slots=True)
class People:
    """Members, their accounts, families and years, inside a writing transaction.

    ``new_reference`` gives random references for members and accounts. ``source`` names the file, for the
    books.
    """

    connection: sqlite3.Connection
    sealer: Sealer
    now: datetime
    new_reference: Callable[[], str]
    source: str

    def enter_members(self, rows: Rows[MemberRecord]) -> Entered:
        """Enters members: new ones with their account's opening balance, known ones with what changed.

        An account that is open keeps its balance: the row must repeat what it was opened with, or leave it
        empty. Raises NotEnteredError with every row that does not fit.
        """
        tally = Tally()
        for line, record in rows:
            if record.born_on is not None and record.born_on > day_of(self.now):
                tally.fault(line, *_UNBORN)
                continue
            member = self.member_of(record.number)
            if member is None:
                self._enter(record)
                tally.count("new")
            else:
                fault = self._misfit(member, record)
                if fault is not None:
                    tally.fault(line, *fault)
                else:
                    tally.count("changed" if self._change(member, record) else "same")
        return tally.entered()

    def enter_families(self, rows: Rows[FamilyTie]) -> Entered:
        """Enters who may pay for whom. Raises NotEnteredError with every row that names nobody."""
        tally = Tally()
        for line, tie in rows:
            member, payer = self.member_of(tie.number), self.member_of(tie.payer_number)
            if member is None or payer is None:
                column = "member_no" if member is None else "payer_member_no"
                tally.fault(line, f"{column} {_UNKNOWN[0]}", f"{column}: {_UNKNOWN[1]}")
                continue
            tally.count(self._bind(member, payer, tie.relation.value))
        return tally.entered()

    def enter_years(self, rows: Rows[YearSum]) -> Entered:
        """Enters what an older system had counted, each sum once; the ledger shows it as an opening.

        Raises NotEnteredError with every row that names nobody or differs from what was entered before.
        """
        tally = Tally()
        for line, each in rows:
            member = self.member_of(each.number)
            if member is None:
                tally.fault(line, f"member_no {_UNKNOWN[0]}", f"member_no: {_UNKNOWN[1]}")
                continue
            before = self._year_sum(member, each)
            if before is None:
                self._open_counter(member, each)
                tally.count("new")
            elif before == each.amount_fen:
                tally.count("same")
            else:
                amount = format_fen(before)
                tally.fault(
                    line, f"amount_yuan 与已录入的 {amount} 不同;已录入的累计不能更改",
                    f"amount_yuan is not the {amount} that was entered before, which cannot be changed",
                )
        return tally.entered()

    def member_of(self, number: str) -> str | None:
        """Returns the reference of the member with this number, or None."""
        found = self.connection.execute(
            "SELECT member FROM identities WHERE number_hash = ?", (self.sealer.find(_NUMBER, number),)
        ).fetchone()
        return None if found is None else str(found[0])

    def unbind(self, number: str, payer_number: str) -> bool:
        """Ends a family tie; returns whether there was one."""
        done = self.connection.execute(
            "DELETE FROM families WHERE member = ? AND payer = ?",
            (self.member_of(number), self.member_of(payer_number)),
        )
        return done.rowcount == 1

    def _enter(self, record: MemberRecord) -> None:
        member = self.new_reference()
        self.connection.execute(
            f"INSERT INTO members (member, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (member, *_facts(record)),
        )
        self._seal(member, record)
        self._open_account(member, record)

    def _seal(self, member: str, record: MemberRecord) -> None:
        identity = Identity(record.number, record.name, record.id_number)
        self.connection.execute(
            "INSERT INTO identities VALUES (?, ?, ?, ?) ON CONFLICT (member) DO UPDATE SET "
            "id_number_hash = excluded.id_number_hash, sealed = excluded.sealed",
            (
                member, self.sealer.find(_NUMBER, record.number),
                self.sealer.find(_ID_NUMBER, record.id_number), self.sealer.seal(member, identity),
            ),
        )

    def _open_account(self, member: str, record: MemberRecord) -> None:
        if record.account_fen is None:
            return
        account = self.new_reference()
        self.connection.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, 0, 0)",
            (account, member, _account_state(record), record.account_fen),
        )
        if record.account_fen:
            self._post(opening(
                account, record.region, record.scheme.value, record.account_fen, self.now, self.source
            ))

    def _misfit(self, member: str, record: MemberRecord) -> tuple[str, str] | None:
        found = self.connection.execute(
            "SELECT region, scheme, opening_fen, state FROM accounts JOIN members USING (member) "
            "WHERE member = ?",
            (member,),
        ).fetchone()
        if found is None:
            return None
        region, scheme, opening_fen, state = found
        if state == "closed":
            return None if record.account_fen is None else _CLOSED
        if (region, scheme) != (record.region, record.scheme.value):
            return (
                "已有个人账户,不能更改 region 或 scheme",
                "region and scheme cannot change while the member has an account",
            )
        if record.account_fen not in {None, opening_fen}:
            return (
                "account_yuan 只用于开户;账户已存在,请留空或保持开户时的金额",
                "account_yuan opens an account, and this one is open: leave it empty or as it was",
            )
        return None

    def _change(self, member: str, record: MemberRecord) -> bool:
        """Returns whether anything changed."""
        before = self.connection.execute(
            f"SELECT {_COLUMNS} FROM members WHERE member = ?", (member,)  # noqa: S608 - our own columns
        ).fetchone()
        facts = _facts(record)
        if record.keeps_born_on:
            facts = (*facts[:-1], before[-1])
        (sealed,) = self.connection.execute(
            "SELECT sealed FROM identities WHERE member = ?", (member,)
        ).fetchone()
        identity = Identity(record.number, record.name, record.id_number)
        renamed = self.sealer.open(member, sealed) != identity
        if renamed:
            self._seal(member, record)
        if before != facts:
            self.connection.execute(
                f"UPDATE members SET ({_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE member = ?",  # noqa: S608
                (*facts, member),
            )
        return self._change_account(member, record) or renamed or before != facts

    def _change_account(self, member: str, record: MemberRecord) -> bool:
        if record.account_fen is None:
            return False
        found = self.connection.execute("SELECT state FROM accounts WHERE member = ?", (member,)).fetchone()
        if found is None:
            self._open_account(member, record)
            return True
        state = _account_state(record)
        self.connection.execute("UPDATE accounts SET state = ? WHERE member = ?", (state, member))
        return bool(found[0] != state)

    def _bind(self, member: str, payer: str, relation: str) -> str:
        found = self.connection.execute(
            "SELECT relation FROM families WHERE member = ? AND payer = ?", (member, payer)
        ).fetchone()
        if found is not None and found[0] == relation:
            return "same"
        self.connection.execute(
            "INSERT INTO families (member, payer, relation) VALUES (?, ?, ?) "
            "ON CONFLICT (member, payer) DO UPDATE SET relation = excluded.relation",
            (member, payer, relation),
        )
        return "new" if found is None else "changed"

    def _year_sum(self, member: str, each: YearSum) -> int | None:
        found = self.connection.execute(
            "SELECT amount_fen FROM year_sums WHERE (member, period, counter, measure) = (?, ?, ?, ?)",
            (member, *each.key),
        ).fetchone()
        return None if found is None else int(found[0])

    def _open_counter(self, member: str, each: YearSum) -> None:
        self.connection.execute(
            "INSERT INTO year_sums VALUES (?, ?, ?, ?, ?)", (member, *each.key, each.amount_fen)
        )
        region, scheme = self.connection.execute(
            "SELECT region, scheme FROM members WHERE member = ?", (member,)
        ).fetchone()
        if each.amount_fen:
            move = CounterMove(member, region, scheme, each.key, each.amount_fen, 0)
            self._post(opening_counters((move,), self.now, self.source))

    def _post(self, entry: Entry) -> None:
        write(self.connection, moves_of_entry(entry))


def _facts(record: MemberRecord) -> tuple[str | None, ...]:
    return (
        record.region, record.scheme.value, record.standing.value, record.enrolment.value, record.aid.value,
        json.dumps(record.conditions), record.covered_from.isoformat(),
        None if record.covered_to is None else record.covered_to.isoformat(),
        None if record.born_on is None else record.born_on.isoformat(),
    )


def _account_state(record: MemberRecord) -> str:
    return "frozen" if record.frozen else "active"
