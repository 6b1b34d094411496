"""All packs of a gateway: which one decides a day's settlement.

A region x scheme x benefit has exactly one pack on a day; overlaps are load errors. Finding a
pack costs the same whether one is loaded or a thousand.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.policy.facts import FACT_VALUES
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid

_Key = tuple[str, str, str]


class Packs:
    """The loaded packs, compiled once."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        """Index the packs; raises Invalid naming every overlap."""
        self._by_id: dict[str, tuple[Pack, ...]] = {}
        self._by_key: dict[_Key, tuple[Pack, ...]] = {}
        for pack in sorted(packs, key=lambda pack: (pack.id, pack.effective_from)):
            self._by_id[pack.id] = (*self._by_id.get(pack.id, ()), pack)
            for key in _keys(pack):
                self._by_key[key] = (*self._by_key.get(key, ()), pack)
        faults = [*self._overlapping_versions(), *self._overlapping_benefits()]
        if faults:
            raise Invalid("packs", faults)

    @classmethod
    def load(cls, sources: Iterable[PackSource]) -> "Packs":
        """Compile and index; raises Invalid with the mistakes of every pack at once."""
        packs, faults = [], []
        for source in sources:
            try:
                packs.append(load_pack(source))
            except Invalid as invalid:
                faults += [Fault(f.line, f"{source.name}: {f.path}", f.message) for f in invalid.faults]
        if faults:
            raise Invalid("packs", faults)
        return cls(packs)

    def find(self, region: str, scheme: str, benefit: str, on: date) -> Pack:
        """The pack that decides.

        ``personal_account_only`` and a benefit that the scheme's packs do not have go to the
        scheme's pack with account rules, or its first; a benefit that only another scheme of
        the region has goes to that pack: the calculation then gives the exact reason
        (BENEFIT_UNKNOWN, NOT_FOR_SCHEME). Raises Refused(PACK_NOT_IN_FORCE) when the region
        has no pack for the scheme on that day.
        """
        keys = [(region, scheme, benefit)]
        if benefit != PERSONAL_ACCOUNT_ONLY:
            others = (other for other in FACT_VALUES["scheme"] or () if other != scheme)
            keys += [(region, other, benefit) for other in others]
        keys.append((region, scheme, PERSONAL_ACCOUNT_ONLY))
        for key in keys:
            for pack in self._by_key.get(key, ()):
                if pack.in_force(on):
                    return pack
        raise refuse(Reason.PACK_NOT_IN_FORCE, region=region, scheme=scheme, date=on.isoformat())

    def versions(self, pack: str) -> tuple[Pack, ...]:
        """Every version of a pack, oldest first; empty for an unknown id."""
        return self._by_id.get(pack, ())

    def __iter__(self) -> Iterator[Pack]:
        """Every pack, by id and then by date."""
        return iter([pack for versions in self._by_id.values() for pack in versions])

    def _overlapping_versions(self) -> Iterable[Fault]:
        for pack, versions in self._by_id.items():
            for one, other in combinations(versions, 2):
                if _overlap(one, other):
                    yield Fault(0, pack, f"two versions are in force on {other.effective_from}")

    def _overlapping_benefits(self) -> Iterable[Fault]:
        for (region, scheme, benefit), packs in self._by_key.items():
            for one, other in combinations(packs, 2):
                if one.id == other.id or not _overlap(one, other):
                    continue
                if benefit != PERSONAL_ACCOUNT_ONLY:
                    message = f"{benefit} of {scheme} in {region} is in {other.id} too"
                    yield Fault(0, one.id, message)
                elif one.accounts != other.accounts:
                    message = f"its account rules for {scheme} in {region} differ from {other.id}"
                    yield Fault(0, one.id, message)


def _keys(pack: Pack) -> tuple[_Key, ...]:
    keys: dict[_Key, None] = {}
    for benefit in pack.benefits:
        for scheme in pack.schemes(benefit):
            keys[(pack.region, scheme, benefit.id)] = None
            keys[(pack.region, scheme, PERSONAL_ACCOUNT_ONLY)] = None
    return tuple(keys)


def _overlap(one: Pack, other: Pack) -> bool:
    return (other.effective_to is None or one.effective_from < other.effective_to) and (
        one.effective_to is None or other.effective_from < one.effective_to
    )
