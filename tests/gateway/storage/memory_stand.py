"""The model that use cases are tried on, tried itself: it must keep to the same contract as a database."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from msgspec import structs

from medsettle_gateway.domain.basket import CatalogueClass
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    EnrolCode,
    InstitutionFacts,
    MemberFacts,
    State,
)
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.names import masked
from medsettle_gateway.domain.orders import OrderEnd, OrderRecord, SignedOrder, end_text, order_text
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.register import FamilyTie, MemberRecord
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.records import NewRecord
from medsettle_gateway.storage.sealing import Identity
from tests.gateway.service.family import bind
from tests.gateway.service.memory_store import MemoryStore, Tables
from tests.gateway.storage.stand import CLINIC, NOW, REGION, clinic, item


class MemoryStand:
    """Tables in memory."""

    def __init__(self, _folder: Path) -> None:
        self._tables = Tables()
        self._store = MemoryStore(self._tables)

    async def opened(self) -> MemoryStore:
        return self._store

    def enter(self, *members: MemberRecord, ties: tuple[FamilyTie, ...] = ()) -> dict[str, str]:
        known = {each.number: each for each in members}
        for each in members:
            if each.account_fen is not None:
                self._store.tables.balances[f"a{each.number}"] = (each.account_fen, 0)
        for each in members:
            payers = [(each, Owner.SELF)]
            payers += [(known[tie.payer_number], tie.relation) for tie in ties if tie.number == each.number]
            accounts = tuple(_account(*payer) for payer in payers if payer[0].account_fen is not None)
            self._store.tables.members[f"m{each.number}"] = _member(each, accounts)
            subject, records = Subject.MEMBER.named(f"m{each.number}"), self._store.tables.records
            records[subject] = (*records.get(subject, ()), _row(each))
        for tie in ties:
            days = (tie.valid_from or NOW.date(), tie.valid_to)
            terms = {"limit_fen": tie.limit_fen, "consented_on": tie.consented_on}
            payer = f"m{tie.payer_number}"
            bind(self._store.tables, f"m{tie.number}", payer, tie.relation, days, **terms, at=NOW)
        return {number: f"m{number}" for number in known}

    def enter_places(self) -> None:
        tables, record = self._store.tables, clinic()
        place = record.place
        tables.institutions[CLINIC] = InstitutionFacts(
            CLINIC, record.name, REGION, place.kind, place.level, place.specialty, place.designations,
            State.ACTIVE,
        )
        old = item(valid_to=date(2025, 12, 31), catalogue_class=CatalogueClass.B)
        tables.catalogue[REGION, "XA01"] = (old, replace(item(), valid_from=date(2026, 1, 1)))

    def enter_records(self, *records: NewRecord, at: datetime = NOW) -> Entered:
        tally, kept = Tally(), self._store.tables.records
        for each in records:
            new = DatedRecord(
                each.kind, each.key, each.valid_from, each.valid_to, to_raw(each.body), at, each.withdrawn
            )
            before = kept.get(each.subject, ())
            last = [old for old in before if (old.kind, old.key) == (new.kind, new.key)][-1:]
            if last and structs.replace(last[0], entered_at=at) == new:
                tally.count("same")
                continue
            tally.count("changed" if last else "new")
            kept[each.subject] = (*before, new)
        return tally.entered()

    def hand_out(self, code: EnrolCode) -> None:
        self._store.tables.enrol_codes[code.code_hash] = code

    def order(self, order: OrderRecord, end: OrderEnd | None = None) -> None:
        ended = (None, None) if end is None else (end_text(end), b"ended")
        self._store.tables.orders[order.id] = SignedOrder(order.id, order_text(order), b"signed", *ended)


def _account(owner: MemberRecord, relation: Owner) -> AccountFacts:
    state = AccountState.FROZEN if owner.frozen else AccountState.ACTIVE
    return AccountFacts(
        f"a{owner.number}", relation, masked(owner.name), owner.region, owner.scheme, state, 0, 0,
        f"m{owner.number}",
    )


def _row(record: MemberRecord) -> DatedRecord:
    """What the register says of a member, kept for ever."""
    body = Registered(
        record.region, record.scheme, record.standing, record.enrolment, record.aid, record.conditions
    )
    first_on = record.covered_from
    return DatedRecord(
        PersonKind.REGISTERED.value, first_on.isoformat(), first_on, record.covered_to, to_raw(body), NOW
    )


def _member(record: MemberRecord, accounts: tuple[AccountFacts, ...]) -> MemberFacts:
    return MemberFacts(
        f"m{record.number}", masked(record.name), record.region, record.scheme, record.standing,
        record.enrolment, record.aid, record.conditions, record.covered_from, record.covered_to, accounts,
        sex=Identity(record.number, record.name, record.id_number).sex,
    )
