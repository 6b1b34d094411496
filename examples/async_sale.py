"""Two patients at one till at the same time: AsyncTill is the same till, its calls are awaited."""

import asyncio
from pathlib import Path

from medsettle import AsyncTill, Basket, CashTender, Line, SaleCard
from medsettle.receipt import yuan
from medsettle.testing import Gateway

COLD_REMEDY = Line("ZA01BAG0045010100141", quantity="1", unit_price="36.80")
PROTEIN_POWDER = Line("Y900000000000000000001", quantity="1", unit_price="198.00")


def cashier(amount_fen: int) -> bool:
    """Says that the cash changed hands."""
    print(f"Cash {yuan(amount_fen)}: done")
    return True


async def sell(till: AsyncTill, credential: str, line: Line) -> SaleCard:
    """Returns the card of a whole sale."""
    return await till.checkout(
        await till.next_number(),
        credential,
        Basket((line,), benefit="personal_account_only"),
        show=lambda quote: quote.split.total_fen == line_total_fen(line),
        tender=CashTender(take=cashier, give_back=cashier),
        operator="7",
    )


def line_total_fen(line: Line) -> int:
    """Returns the price of one piece, in fen: what the patient expects to see."""
    return int(str(line.unit_price).replace(".", ""))


async def serve_both(config: Path, first: str, second: str) -> tuple[SaleCard, SaleCard]:
    """Sells to two patients side by side."""
    async with await AsyncTill.open(config) as till:
        return await asyncio.gather(sell(till, first, COLD_REMEDY), sell(till, second, PROTEIN_POWDER))


with Gateway() as gateway:
    cards = asyncio.run(
        serve_both(
            gateway.enrol_till("P21030200101"),
            gateway.issue_credential("2103000002"),
            gateway.issue_credential("2103000009"),
        )
    )
for card in cards:
    accounts = {leg.id: yuan(leg.amount_fen) for leg in card.legs if leg.kind == "ACCOUNT"}
    print(card.request_id, card.outcome, accounts)
