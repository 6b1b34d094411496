"""A refusal is a value: a reason of the contract and what it speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from medsettle.wire.reasons import REASONS, Reason


class LineFault(Struct, frozen=True):
    """Why one line of a basket is refused for itself; ``detail`` as in :class:`Refusal`."""

    line_id: str
    item_code: str
    reason: Reason
    detail: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not settled.

    ``detail`` names what the reason speaks of: a pack path, a fact and its value, a line
    (counted from 1). It holds no names of people, id numbers or credentials. ``lines`` are all lines that
    are refused for themselves, in the basket's order; then reason and detail are those of the first.
    """

    reason: Reason
    detail: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[LineFault, ...] = ()

    def __str__(self) -> str:
        """The reason, its English sentence and the detail, on one line."""
        facts = ", ".join(f"{name}={value}" for name, value in self.detail.items())
        text = REASONS[self.reason]
        return f"{self.reason.value}: {text.en}" + (f" ({facts})" if facts else "")


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Carries a :class:`Refusal` out of a calculation."""

    def __init__(self, refusal: Refusal) -> None:
        """Wrap the refusal; ``str()`` is the refusal's one line."""
        super().__init__(str(refusal))
        self.refusal = refusal

    @property
    def reason(self) -> Reason:
        """The reason code."""
        return self.refusal.reason

    @property
    def detail(self) -> Mapping[str, str]:
        """What the reason speaks of."""
        return self.refusal.detail


def refuse(reason: Reason, **detail: str) -> Refused:
    """Make a :class:`Refused` to raise."""
    return Refused(Refusal(reason, detail))


def refuse_lines(faults: Sequence[LineFault]) -> Refused:
    """Make a :class:`Refused` of all lines that are refused for themselves, in the basket's order.

    Raises ValueError if there is none.
    """
    if not faults:
        msg = "no line is refused"
        raise ValueError(msg)
    first = faults[0]
    detail = {"line": first.line_id, "item": first.item_code, **first.detail}
    return Refused(Refusal(first.reason, detail, tuple(faults)))
