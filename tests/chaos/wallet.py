"""Paying at the counter: a patient who pays, or does not, or of whom nobody knows whether he has."""

import asyncio
from random import Random

from medsettle.models import CashState, Tendered
from medsettle.tender import Collected
from tests.chaos.papers import Papers


class Wallet:
    """A patient who pays, or does not; and who may be called away over it. It pays back once an id."""

    refunds_once = True

    def __init__(self, papers: Papers, chance: Random) -> None:
        self._papers = papers
        self._chance = chance
        self.trouble_rate = 0.04

    async def collect(self, amount_fen: int, request_id: str) -> Collected:
        await asyncio.sleep(self._chance.random() * 0.05)
        if self._chance.random() < 0.05:
            return Collected(CashState.NOT_COLLECTED)
        trouble = self._chance.random() < self.trouble_rate
        if trouble and self._chance.random() < 0.5:
            raise OSError("nobody knows whether he has paid")
        self._papers.take(request_id, amount_fen)
        await asyncio.sleep(self._chance.random() * 0.05)
        if trouble:
            return Collected(CashState.ASKED)
        return Collected(CashState.COLLECTED, (Tendered("cash", amount_fen),))

    async def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        trouble = self._chance.random() < self.trouble_rate
        if trouble and self._chance.random() < 0.5:
            return False
        self._papers.refund(request_id, amount_fen)
        await asyncio.sleep(self._chance.random() * 0.05)
        if trouble:
            raise OSError("nobody knows whether he has it back")
        return True
