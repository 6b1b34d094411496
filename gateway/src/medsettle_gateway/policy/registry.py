"""All packs of a gateway: which one decides a day's settlement.

A region x scheme x benefit has exactly one pack on a day; overlaps are load errors. Finding a
pack costs the same whether one is loaded or a thousand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import TypeVar

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.policy.facts import FACT_VALUES
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import Overlay, is_overlay, lay_over, load_overlay
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.succession import both_decide, deciding, faults_of, settled_versions

_Key = tuple[str, str, str]
_Named = TypeVar("_Named")


class Packs:
    """The loaded packs, compiled once."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        """Index the packs; raises Invalid naming every overlap."""
        loaded: dict[str, list[Pack]] = {}
        for pack in sorted(packs, key=lambda pack: (pack.id, pack.effective_from, pack.known_from)):
            loaded.setdefault(pack.id, []).append(pack)
        faults = [fault for versions in loaded.values() for fault in faults_of(versions)]
        self._by_id = {id_: settled_versions(versions) for id_, versions in loaded.items()}
        self._keys = {pack: _keys(pack) for pack in self}
        self._ids_of_region = _listed((pack.region, pack.id) for pack in self)
        self._ids_of_key = _listed((key, pack.id) for pack, keys in self._keys.items() for key in keys)
        if not faults:
            faults = [*self._overlapping_benefits()]
        if faults:
            raise Invalid("packs", dict.fromkeys(faults))

    @classmethod
    def load(cls, sources: Iterable[PackSource], overlays: Iterable[PackSource] = ()) -> "Packs":
        """Compile and index packs, and lay local figures over them.

        Overlays may stand among the sources too. Raises Invalid with the mistakes of every file at once,
        and then with those of the overlays where they are laid.
        """
        packs: dict[str, list[tuple[Pack, PackSource]]] = {}
        laid: list[Overlay] = []
        faults: list[Fault] = []
        for source in (*sources, *overlays):
            try:
                if is_overlay(source):
                    laid.append(load_overlay(source))
                else:
                    pack = load_pack(source)
                    packs.setdefault(pack.id, []).append((pack, source))
            except Invalid as invalid:
                faults += [replace(fault, path=f"{source.name}: {fault.path}") for fault in invalid.faults]
        if faults:
            # With a pack missing, an overlay would seem to lie over nothing.
            raise Invalid("packs", faults)
        local = lay_over(laid, packs)
        return cls([*(pack for versions in packs.values() for pack, _ in versions), *local])

    def find(self, region: str, scheme: str, benefit: str, on: date, known_on: date | None = None) -> Pack:
        """The pack that decides, by what was known on ``known_on`` (None: by all that is known).

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
            found = list(self._deciding(key, on, known_on))
            if found:
                return next((pack for pack in found if pack.accounts is not None), found[0])
        raise refuse(Reason.PACK_NOT_IN_FORCE, region=region, scheme=scheme, date=on.isoformat())

    def in_region(self, region: str, on: date, known_on: date | None = None) -> tuple[Pack, ...]:
        """The version of each pack of the region that decides a day, by pack id; empty where none does."""
        ids = self._ids_of_region.get(region, ())
        found = (deciding(self._by_id[id_], on, known_on) for id_ in ids)
        return tuple(pack for pack in found if pack is not None)

    def versions(self, pack: str, known_on: date | None = None) -> tuple[Pack, ...]:
        """Every version of a pack, oldest first; empty for an unknown id.

        Where several are in force on a day, the one known last decides. ``known_on`` leaves out what
        became known later.
        """
        versions = self._by_id.get(pack, ())
        if known_on is None:
            return versions
        return tuple(version for version in versions if version.known_from <= known_on)

    def __iter__(self) -> Iterator[Pack]:
        """Every version of every pack, by id and then by date."""
        return iter([pack for versions in self._by_id.values() for pack in versions])

    def _deciding(self, key: _Key, on: date, known_on: date | None) -> Iterator[Pack]:
        for id_ in self._ids_of_key.get(key, ()):
            pack = deciding(self._by_id[id_], on, known_on)
            if pack is not None and key in self._keys[pack]:
                yield pack

    def _overlapping_benefits(self) -> Iterator[Fault]:
        for key, ids in self._ids_of_key.items():
            for one, other in combinations(ids, 2):
                for pack, against, on in both_decide(self._by_id[one], self._by_id[other]):
                    if key in self._keys[pack] and key in self._keys[against]:
                        yield from _conflict(key, pack, against, on)


def _conflict(key: _Key, one: Pack, other: Pack, on: date) -> Iterator[Fault]:
    """Two packs that decide the same day share no benefit, and agree on who may pay from accounts."""
    region, scheme, benefit = key
    if benefit != PERSONAL_ACCOUNT_ONLY:
        yield Fault(0, one.id, f"{benefit} of {scheme} in {region} is in {other.id} too, on {on}")
    elif one.accounts is not None and other.accounts is not None and one.accounts != other.accounts:
        yield Fault(0, one.id, f"its account rules for {scheme} in {region} differ from {other.id}, on {on}")


def _keys(pack: Pack) -> Mapping[_Key, None]:
    """What the pack decides: its benefits by scheme, and what accounts pay; in pack order."""
    keys: dict[_Key, None] = {}
    for benefit in pack.benefits:
        for scheme in pack.schemes(benefit):
            keys[pack.region, scheme, benefit.id] = None
            keys[pack.region, scheme, PERSONAL_ACCOUNT_ONLY] = None
    return keys


def _listed(pairs: Iterable[tuple[_Named, str]]) -> dict[_Named, tuple[str, ...]]:
    """The ids under each name, each once, in the order in which they come."""
    found: dict[_Named, dict[str, None]] = {}
    for name, id_ in pairs:
        found.setdefault(name, {})[id_] = None
    return {name: tuple(ids) for name, ids in found.items()}
