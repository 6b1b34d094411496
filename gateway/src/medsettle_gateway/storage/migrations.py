"""The steps by which a schema came to be, as they are shipped beside each kind of store."""

import re
from importlib.resources import files
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"(?P<version>[0-9]{4})_[a-z0-9_]+\.sql")
_OLDEST: Final = re.compile(r"-- oldest: (?P<oldest>[0-9]+)\n")


class Migration(NamedTuple):
    """One step. ``oldest``: the oldest release that still works on the schema that this step leaves.

    A release is named by the last step that it knows. While gateways are replaced one by one, those of the
    release before run on the new schema: a step that would break them comes a release later.
    """

    version: int
    script: str
    oldest: int


def read_migrations(package: str) -> tuple[Migration, ...]:
    """Returns the steps in the package's folder ``migrations``, in their order.

    Raises AssertionError unless they are numbered gaplessly from 1, and each begins with ``-- oldest: N`` for
    an N between that of the step before and its own number.
    """
    found = sorted(
        (int(match["version"]), each.read_text("utf-8"))
        for each in (files(package) / "migrations").iterdir()
        if (match := _NAME.fullmatch(each.name))
    )
    steps: list[Migration] = []
    for number, (version, script) in enumerate(found, 1):
        head = _OLDEST.match(script)
        least = steps[-1].oldest if steps else 1
        if version != number or head is None or not least <= int(head["oldest"]) <= version:
            msg = f"migration {version} of {package} is out of order or has no sound '-- oldest: N'"
            raise AssertionError(msg)
        steps.append(Migration(version, script, int(head["oldest"])))
    return tuple(steps)
