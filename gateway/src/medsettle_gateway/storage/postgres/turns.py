"""Duties that one process at a time has, among all that share the database: locks that live in the server.

Decisions take locks of another kind (one 64-bit key), so that the two can never meet.
"""

from enum import IntEnum
from typing import Final

TURNS: Final = 0x6D656473
"""The first key of every lock of a duty."""


class Turn(IntEnum):
    """The second key: which duty."""

    MIGRATE = 1
    SWEEP = 2
    CHAIN = 3
    COURIER = 4
    COMMAND = 5
    """Commands of operators that write, one after another."""
    SERVE = 6
    """To answer at all: each connection of a gateway has a share; who begins a recovery has it alone."""
