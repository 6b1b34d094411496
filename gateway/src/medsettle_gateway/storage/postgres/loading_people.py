"""Facts about people: who they are, what may pay for them, what they have used."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import (
    AccountFacts,
    CounterState,
    DispensedFacts,
    MemberFacts,
)
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.storage.postgres.reading import Reading, by_place, columns_of
from medsettle_gateway.storage.rows import (
    Columns,
    account_of,
    attributes_of,
    counters_of,
    dispensed_of,
    member_of,
    name_of,
    record_of,
)


async def members(
    reading: Reading, asked: Sequence[keys.MemberKey]
) -> Mapping[keys.MemberKey, MemberFacts | None]:
    """Returns each member with accounts and attributes, or None."""
    named = [key.member for key in asked]
    accounts = await _accounts(reading, named)
    attributes: defaultdict[str, list[Columns]] = defaultdict(list)
    for member, *columns in await reading.rows("attributes", named, keys.ATTRIBUTES_MOST):
        attributes[member].append(columns)
    found = {}
    for *columns, sealed in await reading.rows("member", named):
        member = columns[0]
        identity = reading.identity(member, sealed)
        own = attributes_of(attributes[member])
        found[member] = member_of(columns, identity, tuple(accounts[member]), own)
    return {key: found.get(key.member) for key in asked}


async def _accounts(reading: Reading, named: Sequence[str]) -> Mapping[str, list[AccountFacts]]:
    found: defaultdict[str, list[AccountFacts]] = defaultdict(list)
    for member, *columns, sealed in await reading.rows("accounts", named):
        owner = columns[2]
        found[member].append(account_of(columns, name_of(reading.identity(owner, sealed))))
    return found


async def records(
    reading: Reading, asked: Sequence[keys.RecordsKey]
) -> Mapping[keys.RecordsKey, tuple[DatedRecord, ...]]:
    """Returns the dated facts about each subject, in the order of entry."""
    found: defaultdict[str, list[DatedRecord]] = defaultdict(list)
    for subject, *columns in await reading.rows("records", [key.subject for key in asked], keys.RECORDS_MOST):
        found[subject].append(record_of(columns))
    return {key: tuple(found[key.subject]) for key in asked}


async def masked_names(
    reading: Reading, asked: Sequence[keys.MaskedNameKey]
) -> Mapping[keys.MaskedNameKey, str]:
    """Returns each member's masked name."""
    rows = await reading.rows("sealed_identity", [key.member for key in asked])
    found = {member: name_of(reading.identity(member, sealed)) for member, sealed in rows}
    return {key: found.get(key.member, "") for key in asked}


async def counters(
    reading: Reading, asked: Sequence[keys.CountersKey]
) -> Mapping[keys.CountersKey, Mapping[CounterKey, CounterState]]:
    """Returns what each member has used."""
    texts = (
        (place, key.member, key.region, key.scheme, period)
        for place, key in enumerate(asked, 1)
        for period in key.periods
    )
    found = by_place(asked, await reading.rows("counters", *columns_of(texts, 5)), tuple)
    return {key: counters_of(rows) for key, rows in found.items()}


async def dispensed(
    reading: Reading, asked: Sequence[keys.DispensedKey]
) -> Mapping[keys.DispensedKey, tuple[DispensedFacts, ...]]:
    """Returns the drugs that each member was handed."""
    texts = ((key.member, key.since.isoformat(), key.until.isoformat(), key.limit) for key in asked)
    return by_place(asked, await reading.rows("dispensed", *columns_of(texts, 4)), dispensed_of)


async def credential_uses(
    reading: Reading, asked: Sequence[keys.CredentialUseKey]
) -> Mapping[keys.CredentialUseKey, str | None]:
    """Returns the request id that used each credential up, or None."""
    rows = await reading.rows("credential_use", [key.credential_id for key in asked])
    found = {row[0]: row[1] for row in rows}
    return {key: found.get(key.credential_id) for key in asked}
