"""A refusal is a value: a reason of the contract and what it speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medsettle.wire.reasons import REASONS, Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not settled.

    ``detail`` names what the reason speaks of: a pack path, a fact and its value, a line
    (counted from 1). It holds no names of people, id numbers or credentials.
    """

    reason: Reason
    detail: Mapping[str, str] = field(default_factory=dict)

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
