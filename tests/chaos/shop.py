"""A shop: a process of its own with a few tills, killed and started again with what its disk holds."""

import asyncio
import os
import signal
import traceback
from collections import deque
from pathlib import Path
from random import Random

from medsettle.config import read_config
from medsettle_gateway.files.keys import load_keys
from tests.chaos.cashier import Cashier
from tests.chaos.papers import Papers
from tests.chaos.town import Shop

_KEPT = 200


def run(shop: Shop, start: int) -> None:
    """Serves until the day is over; then all its tills come to an end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard, for who started it
    papers = Papers.read(shop.papers)
    try:
        asyncio.run(_run(shop, start, papers))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the verdict must know
        papers.trouble(f"{shop.name} ended of {error!r}: {traceback.format_exc()}")
        os._exit(1)


async def _run(shop: Shop, start: int, papers: Papers) -> None:
    issuer = load_keys(shop.keys).issuer
    assert issuer is not None
    others: deque[str] = deque(maxlen=_KEPT)
    cashiers = [
        Cashier(
            shop, read_config(path), papers, Random(f"{shop.seed} {start} {path.parent.name}"), issuer, others
        )
        for path in shop.tills
    ]
    async with asyncio.TaskGroup() as opening:
        for each in cashiers:
            opening.create_task(each.opens())
    async with asyncio.TaskGroup() as working:
        for each in cashiers:
            working.create_task(each.works(evening_of(shop).exists))
    await _evening(cashiers, papers)
    for each in cashiers:
        await each.closes()
    _finished(shop.papers).touch()


async def _evening(cashiers: list[Cashier], papers: Papers) -> None:
    await _all(cashiers)
    by_terminal = {each.terminal: each for each in cashiers}
    for request_id in list(papers.elsewhere):
        if not await by_terminal[request_id.rsplit("-", 3)[0]].looks_again(request_id):
            papers.trouble(f"{request_id} cannot be looked up")
    await _all(cashiers)


async def _all(cashiers: list[Cashier]) -> None:
    async with asyncio.TaskGroup() as tidying:
        for each in cashiers:
            tidying.create_task(each.tidies_up())


def evening_of(shop: Shop) -> Path:
    """Returns the file that says that the day is over, also to a program that begins after it."""
    return shop.papers.with_name("evening")


def _finished(papers: Path) -> Path:
    return papers.with_suffix(".finished")


def has_finished(shop: Shop) -> bool:
    """Returns whether the shop came to the end of its evening."""
    return _finished(shop.papers).exists()
