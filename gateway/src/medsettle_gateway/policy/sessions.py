"""The limit of what one session may cost, over the lines of a settlement in their order."""

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.benefit import Excess


class Sessions:
    """What is left of limit x sessions while the lines of one settlement pass."""

    __slots__ = ("_excess", "_left_fen", "_limit_fen", "_sessions")

    def __init__(self, limit_fen: int, sessions: int, excess: Excess) -> None:
        """Begin with the whole limit."""
        self._limit_fen = limit_fen
        self._sessions = sessions
        self._left_fen = limit_fen * sessions
        self._excess = excess

    def take(self, billed_fen: int, number: int) -> tuple[int, int]:
        """What of a line's amount the provider bears, and what the patient, above the limit.

        Raises Refused: OVER_SESSION_LIMIT where the pack refuses what is above it.
        """
        if billed_fen <= self._left_fen:
            self._left_fen -= billed_fen
            return 0, 0
        above_fen = billed_fen - self._left_fen
        if self._excess is Excess.REFUSE:
            raise refuse(
                Reason.OVER_SESSION_LIMIT,
                line=str(number),
                limit=format_fen(self._limit_fen),
                sessions=str(self._sessions),
                above=format_fen(above_fen),
            )
        self._left_fen = 0
        return (above_fen, 0) if self._excess is Excess.PROVIDER else (0, above_fen)
