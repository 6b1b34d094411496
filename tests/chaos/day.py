"""A day of faults: shops sell, and what they depend on is killed, filled, stalled, cut off and set wrong."""

import contextlib
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import psutil

from tests.chaos.disks import Disk
from tests.chaos.line import Line
from tests.chaos.machines import HOUSES, House
from tests.chaos.shop import evening_of, has_finished, run
from tests.chaos.town import Shop, set_up_shops, settle_in

_PRELOADED = ["tests.chaos.shop", "grpc.aio"]
_EVENING_S = 300.0
_SELLING = 8


@dataclass(frozen=True)
class Wish:
    """How much of it: until so many kills and sales are reached, or the time is over."""

    seed: str
    store: str
    kills: int
    sales: int
    seconds: float
    shops: int = 4
    tills: int = 12
    members: int = 3_000
    pause_s: float = 0.3
    """Between two faults, on average."""


@dataclass
class Tally:
    """What it has come to so far."""

    killed: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    sales: int = 0
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        return self.killed.total()


Told = Callable[[Tally], None]


class Day:
    """The machines of one run, and what happens to them."""

    def __init__(self, wish: Wish, folder: Path) -> None:
        self.wish = wish
        self.folder = folder
        self.chance = Random(f"{wish.seed} {wish.store} weather")
        self.tally = Tally()
        self.line = Line(f"{wish.seed} {wish.store}")
        self.tills_disk = Disk(folder / "tills")
        self.house: House = HOUSES[wish.store](folder, self.line)
        self.shops: tuple[Shop, ...] = ()
        self._running: dict[str, BaseProcess] = {}
        self._starts: Counter[str] = Counter()
        self._read: dict[Path, int] = {}
        self.troubles: list[str] = []
        self._told_of: set[bytes] = set()
        self._context = multiprocessing.get_context("forkserver")

    def build(self) -> None:
        """Founds the town while everything is well."""
        self._context.set_forkserver_preload(_PRELOADED)
        self.house.found()
        people = settle_in(self.house.gateway, self.wish.seed, self.wish.members)
        self.shops = set_up_shops(
            self.house.gateway, self.line.address, self.folder, self.wish.seed, self.wish.shops,
            self.wish.tills, self.house.clock_file, people,
        )

    def lasts(self, told: Told) -> None:
        """Plays the day, and the evening in which everything comes to its end."""
        began = time.monotonic()
        for shop in self.shops:
            self._open(shop)
        self.line.weather(calm=False)
        try:
            while not self._is_over(began):
                self._wait(self._pause_s())
                self._something_happens()
                self._look()
                self.tally.seconds = time.monotonic() - began
                told(self.tally)
        finally:
            self.clear_up()
        self._evening()
        self.tally.seconds = time.monotonic() - began
        self._look()
        told(self.tally)

    def _is_over(self, began: float) -> bool:
        reached = self.tally.kills >= self.wish.kills and self.tally.sales >= self.wish.sales
        return reached or time.monotonic() - began > self.wish.seconds

    def _pause_s(self) -> float:
        """Kills are spread over the sales: where they are ahead of them, there is more time to sell."""
        wish, tally = self.wish, self.tally
        ahead = tally.kills * wish.sales > tally.sales * wish.kills
        return self.chance.expovariate(1 / wish.pause_s) * (_SELLING if ahead else 1)

    def _something_happens(self) -> None:
        what = self.chance.choices(
            (self._kill_shop, self._kill_gateway, self._stall, self._fill_disk, self._fill_tills,
             self._cut_off, self._set_clock, self._stop_gently, self._drop_lines),
            (50, 22, 2, 3, 3, 2, 6, 1, 3),
        )[0]
        what()

    # What happens.

    def _kill_shop(self) -> None:
        shop = self.chance.choice(self.shops)
        process = self._running[shop.name]
        process.kill()
        process.join()
        self.tally.killed["shop"] += 1
        self._open(shop)

    def _kill_gateway(self) -> None:
        self.tally.killed[self.house.kill_one(self.chance)] += 1

    def _stall(self) -> None:
        with self.house.stalled(self.chance):
            self._wait(self.chance.uniform(0.2, 3))
        self.tally.met["a gateway stood still"] += 1

    def _fill_disk(self) -> None:
        self._filled(self.house.disk, self.house.writers(), "the gateway's disk was full")
        self.house.stands()

    def _fill_tills(self) -> None:
        shops = [psutil.Process(each.pid) for each in self._running.values() if each.is_alive()]
        self._filled(self.tills_disk, shops, "tills' disks were full")

    def _filled(self, disk: Disk, writers: list[psutil.Process], what: str) -> None:
        if not disk.can_be_full:
            return
        self.tally.met[f"{what} ({disk.kind})"] += 1
        disk.fill(self.chance, writers)
        try:
            self._wait(self.chance.uniform(0.2, 2))
        finally:
            disk.free()

    def _cut_off(self) -> None:
        self.line.weather(calm=False, dead=True)
        self._wait(self.chance.uniform(0.2, 4))
        self.line.weather(calm=False)
        self.tally.met["nobody was let in"] += 1

    def _drop_lines(self) -> None:
        self.line.weather(calm=False)
        self.tally.met["all connections were reset"] += 1

    def _set_clock(self) -> None:
        self.house.clock.jump(self.chance, far=self.house.far_clock)
        self.tally.met["the gateway's clock was set"] += 1

    def _stop_gently(self) -> None:
        self.house.stop_gently()
        self.tally.met["a gateway was told to end"] += 1

    # How it goes on.

    def _open(self, shop: Shop) -> None:
        self._starts[shop.name] += 1
        process = self._context.Process(target=run, args=(shop, self._starts[shop.name]), name=shop.name)
        process.start()
        self._running[shop.name] = process

    def _wait(self, seconds: float) -> None:
        time.sleep(min(seconds, 5))

    def _look(self) -> None:
        """Puts right what ended by itself, and counts the sales."""
        self.house.stands()
        for shop in self.shops:
            self._told_of.update(_sales_in(self._new_lines(shop.papers)))
        self._shops_stand()
        self.tally.sales = len(self._told_of)

    def _shops_stand(self) -> None:
        for shop in self.shops:
            process = self._running[shop.name]
            if not process.is_alive() and not has_finished(shop):
                self.troubles.append(f"{shop.name} ended by itself with {process.exitcode}")
                self._open(shop)

    def _new_lines(self, papers: Path) -> bytes:
        if not papers.exists():
            return b""
        with papers.open("rb") as file:
            file.seek(self._read.get(papers, 0))
            new = file.read()
        self._read[papers] = self._read.get(papers, 0) + len(new)
        return new

    def clear_up(self) -> None:
        """The weather clears."""
        self.tills_disk.free()
        self.house.disk.free()
        self.line.weather(calm=True)
        self.house.stands()

    def _evening(self) -> None:
        evening_of(self.shops[0]).touch()
        ends_at = time.monotonic() + _EVENING_S
        while not all(has_finished(shop) for shop in self.shops):
            self.house.stands()
            self._shops_stand()
            if time.monotonic() > ends_at:
                self.troubles.append("the evening did not end")
                return
            time.sleep(0.2)

    def close(self) -> None:
        """Ends whatever runs."""
        for each in self._running.values():
            if each.is_alive():
                each.kill()
                each.join()
        with contextlib.ExitStack() as stack:
            for closing in (self.line.close, self.house.close, self.tills_disk.close):
                stack.callback(closing)


def _sales_in(lines: bytes) -> Iterator[bytes]:
    """The sales of which something was said for certain."""
    return (line.split(b" ", 2)[1] for line in lines.splitlines() if line.startswith(b"said "))


@contextlib.contextmanager
def day(wish: Wish, folder: Path) -> Iterator[Day]:
    """Yields a day that was built; whatever runs is ended behind it."""
    made = Day(wish, folder)
    try:
        made.build()
        yield made
    finally:
        made.close()


def allow_many_files() -> None:
    """The line has two sockets for each connection, and a copy of some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
