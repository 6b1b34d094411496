"""Items of catalogues that were read before: the digest of a catalogue says which they are."""

from collections.abc import Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.register import CatalogueItem

Rows = tuple[CatalogueItem, ...]


class ItemsSeen:
    """All rows of items, by the digest of their catalogue and by code.

    What a digest stands for never changes. Forgets everything rather than keep too much.
    """

    most_count: Final = 50_000

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Rows] = {}

    def of(self, digest: str, codes: Sequence[str]) -> dict[str, Rows]:
        """Returns what was seen of these codes in a catalogue of this digest."""
        items = self._items
        return {code: items[digest, code] for code in codes if (digest, code) in items}

    def keep(self, digest: str, found: Mapping[str, Rows]) -> None:
        """Keeps items of the catalogue of a digest."""
        if len(self._items) + len(found) > self.most_count:
            self._items.clear()
        self._items.update(((digest, code), rows) for code, rows in found.items())
