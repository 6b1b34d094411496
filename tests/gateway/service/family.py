"""Families of the model: whose account is bound to whom, as records say it."""

from datetime import UTC, date, datetime
from typing import Any

from medsettle_gateway.domain.accounts import BINDING, FamilyBinding
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from tests.gateway.service.memory_store import Tables

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def bind(
    tables: Tables,
    member: str,
    payer: str,
    relation: Owner,
    days: tuple[date, date | None] = (LONG_AGO.date(), None),
    **changes: Any,
) -> None:
    """Records that the payer's account may pay for the member; ``withdrawn`` and ``at`` are of the record."""
    withdrawn, at = changes.pop("withdrawn", False), changes.pop("at", LONG_AGO)
    record = DatedRecord(BINDING, payer, *days, to_raw(FamilyBinding(relation, **changes)), at, withdrawn)
    subject = Subject.MEMBER.named(member)
    tables.records[subject] = (*tables.records.get(subject, ()), record)


def bind_all(tables: Tables) -> None:
    """Records for every member the relatives among the accounts, as they are named there, with consent."""
    for member in tables.members.values():
        for account in member.accounts:
            if account.owner is not Owner.SELF:
                bind(tables, member.member, account.payer, account.owner, consented_on=LONG_AGO.date())
