"""A decision at the command line: a use case like a gateway's, in one transaction of the command's own."""

from collections.abc import Callable
from typing import Any

from medsettle_gateway.cli.frame import Gateway, now
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import Locks, locks_read
from medsettle_gateway.service.commands import Answer
from medsettle_gateway.service.desk import Decision, Desk, Now
from medsettle_gateway.storage.connection import Connection, instant, lock
from medsettle_gateway.storage.facts import load, write

_ROUNDS_COUNT = 8
"""Rounds of loading after which a use case must know enough, and rounds of locks."""

Needs = Callable[[Any, Facts, Now], tuple[AnyKey, ...]]
Decide = Callable[[Any, Facts, Now], Decision]


def decided(
    gateway: Gateway, connection: Connection, command: object, needs: Needs, decide: Decide
) -> Answer:
    """Returns the answer; what it changes is written in the transaction of the connection.

    Raises what the decision raises, and ConfigError where the gateway's rules cannot be loaded.
    """
    from medsettle_gateway.bootstrap.gateway import desk_of  # noqa: PLC0415 - heavy

    desk = desk_of(gateway.config, gateway.keys)
    moment, facts = _settled_facts(gateway, connection, command, needs, desk)
    decision = decide(command, facts, moment)
    if decision.moves:
        write(connection, gateway.sealer, decision.moves)
    return decision.answer


def _settled_facts(
    gateway: Gateway, connection: Connection, command: object, needs: Needs, desk: Desk
) -> tuple[Now, Facts]:
    """Facts that nobody changes any more: read again, until they speak of nothing that is not locked."""
    held: Locks = frozenset()
    for _ in range(_ROUNDS_COUNT):
        moment = Now(desk, instant(connection, now()))
        facts = _facts(gateway, connection, command, needs, moment)
        more = locks_read(facts) - held
        if not more:
            return moment, facts
        # Whoever was deciding about the same things has ended then: what he wrote is looked at.
        lock(connection, more)
        held |= more
    msg = f"{type(command).__name__} meets something else each time"
    raise AssertionError(msg)


def _facts(
    gateway: Gateway, connection: Connection, command: object, needs: Needs, moment: Now
) -> Facts:
    facts = Facts()
    for _ in range(_ROUNDS_COUNT):
        missing = tuple(dict.fromkeys(key for key in needs(command, facts, moment) if key not in facts))
        if not missing:
            return facts
        facts = facts.joined(load(connection, gateway.sealer, missing))
    msg = f"{type(command).__name__} asks for more after {_ROUNDS_COUNT} rounds"
    raise AssertionError(msg)
