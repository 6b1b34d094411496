"""What became of a case."""

from dataclasses import dataclass
from typing import NamedTuple

from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.inputs import Calculation
from medsettle_gateway.policy.reading import Fault
from medsettle_gateway.policy.trace import TraceEntry


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that is not as expected, and the steps that led to what it is."""

    key: str
    expected: str
    got: str
    steps: tuple[TraceEntry, ...] = ()


class Settled(NamedTuple):
    """One settlement of a case: its pack and benefit, what was calculated, and the benefit's title.

    ``lines`` are the case's lines that it took, by their index; None is all of them.
    """

    pack: str
    benefit: str
    calculation: Calculation
    title: Title
    lines: tuple[int, ...] | None = None

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """The steps; a line counts as in the case."""
        trace, lines = self.calculation.trace, self.lines
        if lines is None:
            return trace
        return tuple(e if e.line is None else e._replace(line=lines[e.line]) for e in trace)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    Exactly one of ``settled`` and ``refusal`` is set when the case could be run; ``settled`` has
    several entries where the lines were shared out between benefits. ``faults`` lists the mistakes
    of the case (or of its overrides).
    """

    name: str
    title: str
    differences: tuple[Difference, ...] = ()
    faults: tuple[Fault, ...] = ()
    settled: tuple[Settled, ...] = ()
    refusal: Refusal | None = None

    @property
    def passed(self) -> bool:
        """As expected in every key, and sound."""
        return not self.differences and not self.faults

    @property
    def calculation(self) -> Calculation | None:
        """The calculation, of several the first; None where there is none."""
        return self.settled[0].calculation if self.settled else None
