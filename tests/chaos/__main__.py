"""``make chaos``: real tills, gateways and databases under real faults, and what the evening shows.

::

    make chaos                              50,000 sales and 500 kills, over SQLite and over PostgreSQL
    make chaos STORE=sqlite SALES=1000      less of it, over one of them
    make chaos SEED=17                      the same faults at the same turns; what they meet differs
    make chaos SECONDS=600                  at most so long for each store
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from tests.chaos.day import Tally, Told, Wish, allow_many_files, day
from tests.chaos.machines import HOUSES
from tests.chaos.papers import Papers
from tests.chaos.verdict import Books, faults, read_books, shown

_SHARES = {"sqlite": 0.8, "postgres": 0.2}
"""Of the sales: with as many kills for each, they are met in about the same time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", default="")
    parser.add_argument("--store", choices=(*HOUSES, "both"), default="both")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--sales", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--shops", type=int, default=4)
    parser.add_argument("--tills", type=int, default=12)
    parser.add_argument("--members", type=int, default=3_000)
    asked = parser.parse_args()
    allow_many_files()
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # tills would tell of every connection that ends
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever runs is ended behind it
    seed = asked.seed or secrets.token_hex(4)
    stores = tuple(HOUSES) if asked.store == "both" else (asked.store,)
    failed = 0
    for store in stores:
        share = _SHARES[store] if len(stores) > 1 else 1.0
        kills, sales = ceil(asked.kills / len(stores)), ceil(asked.sales * share)
        wish = Wish(seed, store, kills, sales, asked.seconds, asked.shops, asked.tills, asked.members)
        failed += not play(wish)
    return failed


def play(wish: Wish) -> bool:
    """Plays a day and prints what it came to. Returns whether nothing is wrong."""
    folder = Path(tempfile.mkdtemp(prefix=f"medsettle-chaos-{wish.store}-"))
    print(f"seed {wish.seed}: {wish.store}, {wish.shops} shops with {wish.tills} tills each", flush=True)
    with day(wish, folder) as playing, _bar(wish) as told:
        try:
            playing.lasts(told)
            playing.house.gateway.stop()
            books = read_books(playing.house.gateway)
            found = playing.troubles + list(
                faults(books, folder.glob("tills/*/till.journal"),
                       [Papers.read(shop.papers) for shop in playing.shops])
            )
        except BaseException:
            playing.house.keep()
            print(f"seed {wish.seed}: it did not come to its end; see {folder}")
            raise
        if found:
            shutil.copytree(folder / "tills", folder / "kept-tills")
            playing.house.keep()
        _tell(playing.tally, books, dict(playing.line.met))
    if found:
        print(*shown(found), f"seed {wish.seed}: kept in {folder}", sep="\n")
    else:
        shutil.rmtree(folder)
        print("all is well")
    return not found


def _tell(tally: Tally, books: Books, connections: dict[str, int]) -> None:
    killed = ", ".join(f"{count:,} {what}s" for what, count in sorted(tally.killed.items()))
    states = ", ".join(f"{count:,} {state}" for state, count in books.states.most_common())
    print(
        f"{tally.kills:,} kills ({killed}), {len(books.sales):,} sales ({states}), "
        f"{books.entries:,} entries, {tally.seconds:,.0f} s"
    )
    for what, count in sorted(tally.met.items()):
        print(f"  {count:>6,} times {what}")
    for fate, count in sorted(connections.items()):
        print(f"  {count:>6,} connections: each {fate}")


@contextmanager
def _bar(wish: Wish) -> Iterator[Told]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        sales = bar.add_task("sales", total=wish.sales)
        kills = bar.add_task("kills", total=wish.kills)

        def told(tally: Tally) -> None:
            bar.update(sales, completed=tally.sales)
            bar.update(kills, completed=tally.kills)

        yield told


if __name__ == "__main__":
    sys.exit(main())
