"""Goods of the model store: catalogues as they were before, and the codes of packs that stand sold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.facts import CatalogueFacts
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.tracing import CodeState, may_take

Rows = tuple[CatalogueItem, ...]


@dataclass
class CataloguesBefore:
    """``until``: by region, each instant at which its catalogue was changed, and the rows of codes before."""

    until: dict[str, tuple[tuple[datetime, Mapping[str, Rows]], ...]] = field(default_factory=dict)

    def __copy__(self) -> "CataloguesBefore":
        return CataloguesBefore(dict(self.until))

    def keep(self, region: str, changed_at: datetime, rows: Mapping[str, Rows]) -> None:
        self.until[region] = (*self.until.get(region, ()), (changed_at, dict(rows)))

    def of(self, key: keys.CatalogueKey) -> CatalogueFacts | None:
        """The catalogue that the key asks for; None if it is the one that holds now."""
        if key.known_at is None:
            return None
        for changed_at, rows in self.until.get(key.region, ()):
            if key.known_at < changed_at:
                found = {code: rows[code] for code in key.codes if code in rows}
                return CatalogueFacts(f"catalogue-of-{key.region}-until-{changed_at:%Y%m%d}", found)
        return None


@dataclass
class Traces:
    """By code: who took it, and the sales that stand on it."""

    states: dict[str, CodeState] = field(default_factory=dict)

    def __copy__(self) -> "Traces":
        return Traces(dict(self.states))

    def of(self, key: keys.TraceCodesKey) -> dict[str, CodeState]:
        return {code: self.states[code] for code in key.codes if code in self.states}

    def sell(self, move: moves.SellCodes) -> None:
        for code, _, split in move.codes:
            before = self.states.get(code)
            assert before is None or may_take(before, move.institution, split=split)
            count = 1 if before is None else before.standing_count + 1
            self.states[code] = CodeState(move.institution, move.request_id, move.sold_at, split, count)

    def give_back(self, move: moves.ReturnCodes) -> None:
        for code, _, _ in move.codes:
            before = self.states.pop(code)
            if before.standing_count > 1:
                self.states[code] = before._replace(standing_count=before.standing_count - 1)
