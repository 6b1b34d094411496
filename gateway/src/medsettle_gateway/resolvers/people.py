"""Whose number it is: the register is asked by keyed hashes, and one person is meant or none."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal


class NumberKind(StrEnum):
    """By which number somebody is looked for."""

    ID_NUMBER = "id_number"
    SOCIAL_CARD = "social_card"


class Registered(NamedTuple):
    """Somebody in the register who has the number, and where insured on which days: one a period of cover."""

    member: str
    region: str
    covered_from: date
    covered_to: date | None

    def is_covered(self, on: date) -> bool:
        """Is the person covered on the day, by this period?"""
        return self.covered_from <= on and (self.covered_to is None or on <= self.covered_to)


class Register(Protocol):
    """Finds people by their numbers."""

    async def known_by(self, kind: NumberKind, number: str) -> Sequence[Registered]:
        """Returns everybody who has the number. Raises StoreUnavailableError."""


def plain_number(shown: str) -> str:
    """Returns a paper's number as the register has it: capitals and digits, with nothing between.

    Whoever types Chinese types wide letters and digits (全角) without noticing: they are the same ones.
    """
    return re.sub(r"[()\s-]", "", unicodedata.normalize("NFKC", shown)).upper()


def whose(found: Sequence[Registered], on: date) -> str | Refusal:
    """Returns the member of whom one has the number.

    MEMBER_UNKNOWN where nobody has it. Of several it is the only one who is covered on the day, such as
    somebody who went from one scheme to the other; else CREDENTIAL_AMBIGUOUS.
    """
    if not found:
        return Refusal(Reason.MEMBER_UNKNOWN)
    if len({each.member for each in found}) == 1:
        return found[0].member
    covered = {each.member for each in found if each.is_covered(on)}
    return covered.pop() if len(covered) == 1 else Refusal(Reason.CREDENTIAL_AMBIGUOUS)
