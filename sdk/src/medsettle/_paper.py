"""A paper of so many columns in one language: rows, texts and rules."""

from collections.abc import Iterator
from dataclasses import dataclass

from medsettle._columns import centre, row, width, wrap
from medsettle.wire.called import Pair, yuan


@dataclass(frozen=True, slots=True)
class Paper:
    """``tongue`` picks the word of a pair: 0 Chinese, 1 English."""

    columns: int
    tongue: int

    def word(self, pair: Pair) -> str:
        """Returns the word in the paper's language."""
        return pair[self.tongue]

    def row(self, label: Pair, value: str) -> list[str]:
        """Returns a label on the left and a value on the right edge; what fits on no row stands on two."""
        word = self.word(label)
        if width(word) + width(value) >= self.columns:
            return [*wrap(word, self.columns), *wrap(value, self.columns, 1)]
        return row(word, value, self.columns)

    def amount(self, label: Pair, amount_fen: int, indent: int = 0) -> list[str]:
        """Returns a label and its amount in yuan, always on the right edge."""
        return self.amount_of(self.word(label), amount_fen, indent)

    def amount_of(self, word: str, amount_fen: int, indent: int = 0) -> list[str]:
        """Returns the same for a word that has no other language."""
        return row(word, yuan(amount_fen), self.columns, indent)

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
