"""What is entered of members and is likely to be a mistake, though it can be entered."""

from collections.abc import Iterable, Sequence
from typing import Final

import click

from medsettle.wire.called import CONDITION_NAMES
from medsettle_gateway.cli.policy_sample import conditions_of
from medsettle_gateway.domain.register import Fault, MemberRecord, Rows
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import meant
from medsettle_gateway.storage.sealing import Identity

_SHOWN: Final = 50


def tell_doubtful(found: Sequence[Fault]) -> None:
    """Warns of rows that were entered and are likely to be a mistake."""
    for fault in found[:_SHOWN]:
        click.echo(f"注意:第{fault.line}行: {fault.zh} / Note: line {fault.line}: {fault.en}", err=True)
    more_count = len(found) - _SHOWN
    if more_count > 0:
        click.echo(f"注意:还有{more_count}处。 / Note: {more_count} more.", err=True)


class Doubts:
    """Rows that pass are looked at: what is doubtful about them is kept, to be told at the end."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._conditions: dict[str, dict[str, None]] = {}
        for pack in packs:
            self._conditions.setdefault(pack.region, {}).update(dict.fromkeys(conditions_of(pack)))
        self.regions: dict[str, None] = {}
        self.found: list[Fault] = []

    def noted(self, rows: Rows[MemberRecord]) -> Rows[MemberRecord]:
        """The rows as they come."""
        for line, record in rows:
            self.regions[record.region] = None
            self._look_at(line, record)
            yield line, record

    def _look_at(self, line: int, record: MemberRecord) -> None:
        named = self._conditions.get(record.region)
        known = () if named is None else (*named, *CONDITION_NAMES)
        for condition in record.conditions:
            if named is not None and condition not in known:
                near = meant(condition, known)
                zh = f"conditions: 统筹区 {record.region} 的政策没有用到病种 {condition}{near}"
                en = f"conditions: no policy of region {record.region} asks for {condition}{near}"
                self.found.append(Fault(line, zh, en))
        born_on = Identity(record.number, record.name, record.id_number).born_on
        if None not in {born_on, record.born_on} and born_on != record.born_on:
            zh, en = "born_on 与身份证号码中的出生日期不同", "born_on is not the day in the identity number"
            self.found.append(Fault(line, zh, en))
