"""``member import`` in a process that stops in the middle and waits to be killed."""

import sys
from typing import Any

from medsettle_gateway.cli.top import top
from medsettle_gateway.storage.register import People

_enter: Any = People._enter
_entered: list[Any] = []


def _enter_and_wait(people: People, record: Any) -> None:
    _enter(people, record)
    _entered.append(record)
    if len(_entered) == 50:
        print("in the middle", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    setattr(People, "_enter", _enter_and_wait)  # noqa: B010 - it takes the place of a method
    top(sys.argv[1:])
