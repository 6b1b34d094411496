"""Items of catalogues that were read before: a catalogue's digest says whether they are still the same."""

from collections.abc import Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.register import CatalogueItem

Versions = tuple[CatalogueItem, ...]


class ItemsSeen:
    """All versions of items, by region and code. Forgets everything rather than keep too much."""

    most_count: Final = 50_000

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._items: dict[tuple[str, str], Versions] = {}

    def of(self, region: str, digest: str, codes: Sequence[str]) -> dict[str, Versions]:
        """Returns what was seen of these codes while the region's catalogue had this digest."""
        if self._digests.get(region) != digest:
            if region in self._digests:
                self._items.clear()
            self._digests[region] = digest
        items = self._items
        return {code: items[region, code] for code in codes if (region, code) in items}

    def keep(self, region: str, found: Mapping[str, Versions]) -> None:
        """Keeps items of the region's catalogue, of the digest that was asked for last."""
        if len(self._items) + len(found) > self.most_count:
            self._items.clear()
        self._items.update(((region, code), versions) for code, versions in found.items())
