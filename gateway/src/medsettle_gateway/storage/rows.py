"""What the columns of a row say, as facts: the same in every store."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import CatalogueClass, Dispensed, LineKind, Ward
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
    AccountFacts,
    AccountState,
    CounterState,
    DatedAttribute,
    DispensedFacts,
    EnrolCode,
    InstitutionFacts,
    KeyRecord,
    MemberFacts,
    State,
    TerminalFacts,
)
from medsettle_gateway.domain.goods import NO_TERMS, Terms
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.names import masked
from medsettle_gateway.domain.past import PastSale, past_of
from medsettle_gateway.domain.place import Designation, InstitutionKind, Level, Specialty
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import SaleHead
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.storage.instants import from_us, from_us_or_none, to_us
from medsettle_gateway.storage.sealing import Identity

Columns = Sequence[Any]


def head_of(row: Columns) -> SaleHead:
    """Returns the head of ``(request_id, state, created_at_us)``."""
    request_id, state, created_at_us = row
    return SaleHead(request_id, SaleState(state), from_us(created_at_us))


def past_sale_of(row: Columns) -> PastSale:
    """Returns the earlier sale of ``(request_id, institution, created_at_us, is_held, body)``."""
    request_id, institution, created_at_us, held, body = row
    return past_of(request_id, institution, from_us(created_at_us), held=bool(held), body=body)


def errand_of(row: Columns) -> DueErrand:
    """Returns the errand of ``(request_id, due_at_us, authority)``."""
    request_id, due_at_us, authority = row
    return DueErrand(request_id, from_us(due_at_us), authority or "")


def after_errand(after: DueErrand | None) -> tuple[int, str]:
    """Returns the columns that the errands to come stand behind: those of one, or before all."""
    return (0, "") if after is None else (to_us(after.due_at), after.request_id)


def terminal_of(row: Columns) -> TerminalFacts:
    """Returns the terminal of ``(terminal, institution, till, state)``."""
    terminal, institution, till, state = row
    return TerminalFacts(terminal, institution, till, State(state))


def key_record_of(row: Columns) -> KeyRecord:
    """Returns the key of a row of ``terminal_keys``, in the columns' order."""
    key, terminal, suite, public_key, not_before_us, not_after_us, revoked_at_us, compromised_at_us = row
    return KeyRecord(
        key, terminal, suite, public_key, from_us(not_before_us), from_us(not_after_us),
        from_us_or_none(revoked_at_us), from_us_or_none(compromised_at_us),
    )


def institution_of(row: Columns) -> InstitutionFacts:
    """Returns the institution of a row of ``institutions``, in the columns' order."""
    code, name, region, kind, level, specialty, designations, state = row
    return InstitutionFacts(
        code, name, region, InstitutionKind(kind), Level(level), Specialty(specialty),
        tuple(map(Designation, msgspec.json.decode(designations))), State(state),
    )


def member_of(
    row: Columns,
    identity: Identity | None,
    accounts: tuple[AccountFacts, ...],
    attributes: tuple[DatedAttribute, ...],
) -> MemberFacts:
    """Returns the member of a row of ``members``, in the columns' order."""
    member, region, scheme, standing, enrolment, aid, conditions, covered_from, covered_to, born_on = row
    return MemberFacts(
        member, name_of(identity), region, Scheme(scheme), Standing(standing), Enrolment(enrolment), Aid(aid),
        tuple(msgspec.json.decode(conditions)), date.fromisoformat(covered_from), day_of(covered_to),
        accounts, day_of(born_on) or (identity.born_on if identity else None), attributes,
        sex=identity.sex if identity else None,
    )


def name_of(identity: Identity | None) -> str:
    """Returns a masked name; empty where it was erased or nobody is known."""
    return "" if identity is None else masked(identity.name)


def account_of(row: Columns, name: str) -> AccountFacts:
    """Returns ``(account, relation, owner, region, scheme, state, balance_fen, held_fen)`` as an account."""
    account, relation, owner, region, scheme, state, balance_fen, held_fen = row
    return AccountFacts(
        account, Owner(relation), name, region, Scheme(scheme), AccountState(state), balance_fen, held_fen,
        owner,
    )


def attributes_of(rows: Sequence[Columns]) -> tuple[DatedAttribute, ...]:
    """Returns a member's attributes of ``(name, value, valid_from, valid_to, entered_at_us)``.

    ``rows``: by first day, name and entry; one that begins on the same day replaces the one before it.
    """
    if not rows:
        return ()  # most people
    found: list[DatedAttribute] = []
    for row, after in zip(rows, (*rows[1:], None), strict=True):
        name, value, valid_from, valid_to, entered_at_us = row
        replaced = after is not None and (after[0], after[2]) == (name, valid_from)
        found.append(DatedAttribute(
            name, value, date.fromisoformat(valid_from), day_of(valid_to), from_us(entered_at_us),
            from_us(after[4]) if after is not None and replaced else None,
        ))
    return tuple(found)


def record_of(row: Columns) -> DatedRecord:
    """Returns ``(kind, key, valid_from, valid_to, body, withdrawn, entered_at_us)`` as a record."""
    kind, key, valid_from, valid_to, body, withdrawn, entered_at_us = row
    return DatedRecord(
        kind, key, date.fromisoformat(valid_from), day_of(valid_to), msgspec.Raw(body.encode()),
        from_us(entered_at_us), bool(withdrawn),
    )


def counters_of(rows: Iterable[Columns]) -> dict[CounterKey, CounterState]:
    """Returns the counters of rows of ``(period, counter, measure, used, held)``."""
    return {
        CounterKey(period, counter, measure): CounterState(used, held)
        for period, counter, measure, used, held in rows
    }


def dispensed_of(row: Columns) -> DispensedFacts:
    """Returns the drug of ``(request_id, drug, dispensed_on, days_supply, condition, benefit)``."""
    request_id, name, on, days_supply, condition, benefit = row
    return DispensedFacts(
        request_id, Dispensed(name, date.fromisoformat(on), days_supply, condition, benefit)
    )


def item_of(row: Columns) -> CatalogueItem:
    """Returns the item of ``(code, name, kind, class, share, ceiling, ward, from, to, classes, terms)``."""
    code, name, kind, item_class, share_ppm, ceiling_micro, ward, valid_from, valid_to, classes, terms = row
    return CatalogueItem(
        code, name, LineKind(kind), CatalogueClass(item_class), share_ppm, ceiling_micro,
        None if ward is None else Ward(ward), date.fromisoformat(valid_from), day_of(valid_to),
        tuple((listed, CatalogueClass(held)) for listed, held in msgspec.json.decode(classes).items()),
        NO_TERMS if terms == "{}" else from_json(Terms, terms),
    )


def enrol_code_of(row: Columns) -> EnrolCode:
    """Returns the code of ``(code_hash, institution, till, expires_at_us, used_by_key)``."""
    code_hash, institution, till, expires_at_us, used_by_key = row
    return EnrolCode(code_hash, institution, till, from_us(expires_at_us), used_by_key)


def day_of(text: str | None) -> date | None:
    """Returns the day of an ISO text, or None for None."""
    return None if text is None else date.fromisoformat(text)
