"""A paper of so many columns in one language: rows, texts and rules."""

from collections.abc import Iterator
from dataclasses import dataclass

from medsettle._columns import centre, row, width, wrap
from medsettle.wire.called import Pair


@dataclass(frozen=True, slots=True)
class Paper:
    """``tongue`` picks the word of a pair: 0 Chinese, 1 English."""

    columns: int
    tongue: int

    def word(self, pair: Pair) -> str:
        """Returns the word in the paper's language."""
        return pair[self.tongue]

    def row(self, label: Pair, value: str, indent: int = 0) -> list[str]:
        """Returns a label on the left and a value on the right edge."""
        return self.row_of(self.word(label), value, indent)

    def row_of(self, word: str, value: str, indent: int = 0) -> list[str]:
        """Returns the same for a word that has no other language; what fits on no row stands on two."""
        if width(word) + width(value) + indent >= self.columns:
            return [*wrap(word, self.columns, indent), *wrap(value, self.columns, indent + 1)]
        return row(word, value, self.columns, indent)

    def text(self, pair: Pair, indent: int = 0) -> list[str]:
        """Returns a text in lines that fit."""
        return wrap(self.word(pair), self.columns, indent)

    def numbered(self, number: int, text: str) -> list[str]:
        """Returns an entry of a list, its further lines under its first word."""
        lead = f"{number}. "
        return wrap(lead + text, self.columns, hanging=width(lead))

    def head(self, title: Pair, name: str) -> Iterator[str]:
        """Yields the head: a name and a title in the middle, between double rules."""
        yield self.double()
        for line in (*wrap(name, self.columns), self.word(title)):
            yield centre(line, self.columns)
        yield self.double()

    def rule(self) -> str:
        """Returns a rule across."""
        return "-" * self.columns

    def double(self) -> str:
        """Returns a double rule across."""
        return "=" * self.columns
