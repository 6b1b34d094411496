"""What filings and decisions about staff name that nobody has registered: entered, and likely mistyped."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import click

from medsettle.wire.called import CONDITION_NAMES
from medsettle_gateway.cli.policy_sample import conditions_of
from medsettle_gateway.domain.filings import ChronicFiled, Reviewed
from medsettle_gateway.domain.register import RecordRow, Rows
from medsettle_gateway.domain.staff import PointsDeducted, Post, StaffStopped
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.work import places_unknown, staff_unknown

R = TypeVar("R", bound=RecordRow | tuple[RecordRow, RecordRow | None])

_SHOWN: Final = 20


class WorkDoubts:
    """Rows that pass are looked at: codes that they name are kept, to be told of at the end."""

    def __init__(self) -> None:
        self._places: dict[str, None] = {}
        self._conditions: dict[str, None] = {}
        self._staff: dict[str, None] = {}

    def noted(self, rows: Rows[R]) -> Rows[R]:
        """The rows as they come."""
        for line, row in rows:
            self._look_at(row[0] if isinstance(row, tuple) else row)
            yield line, row

    def tell(self, connection: Connection, packs: Iterable[Pack] = ()) -> None:
        """Warns of what is not known; ``packs`` are asked where conditions were named."""
        _warn("机构", "institutions", places_unknown(connection, tuple(self._places)))
        _warn("医师或药师", "prescribers or pharmacists", staff_unknown(connection, tuple(self._staff)))
        if self._conditions:
            named = {*CONDITION_NAMES, *(each for pack in packs for each in conditions_of(pack))}
            _warn("病种", "conditions", [each for each in self._conditions if each not in named])

    def _look_at(self, row: RecordRow) -> None:
        body = row.body
        if isinstance(body, Post | ChronicFiled):
            self._places.update(dict.fromkeys(body.institutions))
        elif isinstance(body, Reviewed):
            self._places.update({body.institution: None} if body.institution else {})
        elif isinstance(body, StaffStopped | PointsDeducted):
            self._staff[row.of] = None
        if isinstance(body, ChronicFiled | Reviewed):
            self._conditions[body.condition] = None


def _warn(zh: str, en: str, codes: Sequence[str]) -> None:
    if not codes:
        return
    listed = ", ".join(codes[:_SHOWN])
    more = f" (+{len(codes) - _SHOWN})" if len(codes) > _SHOWN else ""
    click.echo(f"注意:没有登记这些{zh},请核对代码:{listed}{more}", err=True)
    click.echo(f"Note: these {en} are not known here, look at the codes: {listed}{more}", err=True)
