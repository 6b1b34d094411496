"""Dated facts of one kind, with the days on which each holds."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from medsettle_gateway.domain.people import Held
from medsettle_gateway.domain.records import DatedRecord

Body = TypeVar("Body", bound=Struct)


def held(known: Iterable[DatedRecord], kind: StrEnum, body: type[Body]) -> tuple[Held[Body], ...]:
    """Returns the facts of a kind, in the order in which they begin."""
    name = kind.value
    ours = [each for each in known if each.kind == name]
    return tuple([Held(each.valid_from, each.valid_to, each.read(body)) for each in ours])


def shown(first_on: date, last_on: date | None) -> dict[str, str]:
    """Returns the days for the detail of a refusal; ``to`` is ``-`` until further notice."""
    return {"from": first_on.isoformat(), "to": "-" if last_on is None else last_on.isoformat()}
