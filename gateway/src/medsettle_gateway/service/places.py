"""Places for what is under way: so many at once of each name, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """Counts what is under way, by name. ``most_count`` of one name may be so at once."""

    def __init__(self, most_count: int) -> None:
        self._most_count = most_count
        self._taken: dict[str, int] = {}

    def left_count(self, name: str = "") -> int:
        """Returns how many more of the name may begin; 0 or less: none."""
        return self._most_count - self._taken.get(name, 0)

    def take(self, name: str = "") -> None:
        """Takes a place, whether one is left or not."""
        self._taken[name] = self._taken.get(name, 0) + 1

    def leave(self, name: str = "") -> None:
        """Gives a place back that was taken."""
        others_count = self._taken.pop(name) - 1
        if others_count:
            self._taken[name] = others_count

    @contextmanager
    def taken(self, name: str) -> Iterator[None]:
        """Takes a place for as long as the block lasts."""
        self.take(name)
        try:
            yield
        finally:
            self.leave(name)
