"""``member import`` in a process that stops in the middle and waits to be killed."""

import sys
from typing import Any

from medsettle_gateway.cli.top import top
from medsettle_gateway.storage.members import Members

_enter: Any = Members.enter


def _enter_and_wait(members: Members, rows: Any, tally: Any) -> None:
    _enter(members, rows, tally)
    print("in the middle", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    setattr(Members, "enter", _enter_and_wait)  # noqa: B010 - it takes the place of a method
    top(sys.argv[1:])
