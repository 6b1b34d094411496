"""What supervision found in a sale that was refused for it."""

from medsettle.models import Advisory, Refusal, Sale, Verdict


def found(refusal: Refusal, sale: Sale | None) -> tuple[Advisory, ...]:
    """Returns the findings that came with the refusal, else those of the sale as it is recorded."""
    if refusal.findings or sale is None:
        return refusal.findings
    return tuple(each for each in sale.advisories if each.verdict is not Verdict.NOTE)
