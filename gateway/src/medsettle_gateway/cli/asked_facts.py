"""What the policy packs of a region ask about members, held against what operators enter."""

from collections.abc import Iterable
from typing import Final

import click

from medsettle_gateway.domain.register import AttributeRow
from medsettle_gateway.policy.facts import DeclaredFact, Source
from medsettle_gateway.policy.pack import Pack

_NUMBER: Final = "a whole number"
"""Stands for every value of a fact that is one."""


class AskedFacts:
    """The attributes that any version of a region's packs asks for; those that none does are remembered."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._asked: dict[tuple[str, str], list[DeclaredFact]] = {}
        self._unasked: dict[tuple[str, str], None] = {}
        for pack in packs:
            for fact in pack.rules.declared:
                if fact.source is Source.ATTRIBUTE:
                    self._asked.setdefault((pack.region, fact.attribute), []).append(fact)

    def misfit(self, region: str, row: AttributeRow) -> tuple[str, str] | None:
        """Returns why no pack of the region knows the value, in Chinese and English; None if one does."""
        facts = self._asked.get((region, row.name))
        if facts is None:
            self._unasked[region, row.name] = None
            return None
        known = dict.fromkeys(value for fact in facts for value in fact.values or (_NUMBER,))
        if row.value in known or (_NUMBER in known and row.value.isdecimal()):
            return None
        listed = ", ".join(known)
        return (
            f"value 应为统筹区 {region} 的政策中 {row.name} 的值之一:{listed.replace(_NUMBER, '整数')}",
            f"value must be one that the policy of region {region} knows of {row.name}: {listed}",
        )

    def warn(self) -> None:
        """Warns of the attributes that decide nothing, since no pack of their region asks for them."""
        for region, name in self._unasked:
            known = ", ".join(each for of, each in self._asked if of == region)
            zh, en = f"用到的有:{known}", f"asked for: {known}"
            if not known:
                zh, en = "还没有用到任何属性", "none asks for any yet"
            click.echo(f"注意:统筹区 {region} 的政策没有用到属性 {name};{zh}。", err=True)
            click.echo(f"Note: no policy of region {region} asks for {name}; {en}.", err=True)
