"""A town in which everything counts that is recorded of a person."""

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.people import PersonKind
from medsettle_gateway.domain.place import Designation, InstitutionKind
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.world import (
    CLINIC,
    World,
    account,
    caller,
    enrolled,
    institution,
    item,
    member,
)

REGION = "990200"
WEI = "m-wei"
"""An employee with an account, and a past that each test writes."""


@cache
def packs() -> Packs:
    return Packs.load([read_pack(Path(__file__).parent / "policies" / "town.yaml")])


def a_town(**facts: Any) -> MemoryStore:
    store = MemoryStore()
    tables = store.tables
    place = institution(CLINIC, InstitutionKind.CLINIC, Designation.BASIC)
    tables.institutions[CLINIC] = replace(place, region=REGION)
    tables.catalogue[REGION, "DRUG"] = (item("DRUG", LineKind.DRUG),)
    own = replace(account("a-wei", Owner.SELF), region=REGION)
    tables.members[WEI] = member(WEI, own, **({"region": REGION} | facts))
    tables.balances["a-wei"] = (0, 0)
    tills, key = enrolled(CLINIC)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    return store


class Town(World):
    """The service of the town, and a clerk who enters records."""

    def record(
        self,
        kind: PersonKind,
        text: str,
        body: Struct,
        *,
        withdrawn: bool = False,
        key: str = "",
    ) -> datetime:
        """Enters a record now; returns the instant. ``text``: ``2026-01-01..2026-12-31``, or no end."""
        first, _, last = text.partition("..")
        valid_to = date.fromisoformat(last) if last else None
        at = self.clock.at
        found = DatedRecord(
            kind.value, key or first, date.fromisoformat(first), valid_to, to_raw(body), at, withdrawn
        )
        records = self.store.tables.records
        subject = Subject.MEMBER.named(WEI)
        records[subject] = (*records.get(subject, ()), found)
        return at

    async def check(self, as_of: date | None = None, benefit: str | None = None) -> EligibilityAnswer:
        asked = CheckEligibility(caller("1"), self.credential(WEI), benefit=benefit, as_of=as_of)
        answer = await self.service(asked)
        assert isinstance(answer, EligibilityAnswer), answer
        return answer


async def a_world(balance_fen: int = 100_000, **facts: Any) -> Town:
    world = Town(store=a_town(**facts), packs=packs())
    await world.started()
    await world.open("a-wei", balance_fen)
    return world

