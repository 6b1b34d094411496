"""``policy what-if``: who would pay how much more or less if a figure changed."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import click

from medsettle_gateway.cli.policy_baskets import (
    Batch,
    Run,
    WrongBasket,
    batches_of,
    batches_to_draw,
    calculate_all,
    lines_of,
    pack_named_in,
    workers_for,
)
from medsettle_gateway.cli.policy_files import (
    policies_option,
    read_or_stop,
    shelf_or_stop,
    sources_or_stop,
)
from medsettle_gateway.cli.policy_quote import stop
from medsettle_gateway.cli.policy_sample import Sampler
from medsettle_gateway.cli.policy_sums import answer_as_plain, answer_page
from medsettle_gateway.cli.usage import WrongUsageError
from medsettle_gateway.files.yaml import YamlError, read_yaml
from medsettle_gateway.policy.comparing import compare
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overlays import Overlay, is_overlay, load_overlay
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.shelf import Changed, Shelf
from medsettle_gateway.policy.tally import Tally

WORKERS_MOST: Final = 64
SAMPLE_MOST: Final = 100_000_000

_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("what-if", short_help="试算参数调整的影响 what a change would mean")
@click.option("--baskets", type=_FILE, help="Baskets, one JSON object a line; - reads them from the input.")
@click.option("--sample", type=click.IntRange(1, SAMPLE_MOST), help="Draw so many baskets by chance instead.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of --sample.")
@click.option("--pack", "pack", help="The pack that the question is about; default that of the first basket.")
@policies_option
@click.option(
    "--with", "changes", multiple=True, metavar="PATH=VALUE",
    help="A figure that changes: a dotted path in the pack, and YAML. May be repeated.",
)  # fmt: skip
@click.option(
    "--overlay", "overlay_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Local figures that come into force: a file, laid over the pack on every day.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1, WORKERS_MOST), help="Processes; default one a processor.")
@click.option("--example", is_flag=True, help="Print one basket of the pack, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def what_if(  # noqa: PLR0913 - one argument an option
    *,
    baskets: Path | None,
    sample: int | None,
    seed: int,
    pack: str | None,
    policies: tuple[Path, ...],
    changes: tuple[str, ...],
    overlay_file: Path | None,
    workers: int | None,
    example: bool,
    as_json: bool,
) -> None:
    """Calculate baskets with and without a change, and say who pays how much more or less.

    \b
    medsettle-gateway policy what-if --baskets baskets.jsonl --pack anshan-employee-outpatient
      --with 'benefits.general_outpatient.ratio.rows=[{ratio: "0.60"}]'

    What changes is given with --with, or as a whole file with --overlay, or both: the figures of --with then
    stand over those of the file. Packs and overlays of --policies are there before as well as after.

    A basket is a JSON object on a line of its own with the keys of a case, without `with` and `expect`;
    `case` (its name) may be left out, and `pack` where --pack says it. `--example` prints one. `--sample N`
    draws N baskets by chance, always the same for a pack and seed: with a change they are calculated,
    without one they are printed, to be kept in a file.

    Said are the totals of every payer, how many patients pay more, less or the same, how the changes are
    distributed, who loses and wins most, and what is refused. Figures that a document only lets assume
    are used here, and counted: nothing is ever charged by them.

    Exits 0 when everything was calculated, 1 if a basket or a figure is wrong.
    """  # noqa: D301 - click's mark for lines that stay as they are
    if baskets is not None and sample is not None:
        raise WrongUsageError(
            "--baskets 与 --sample 不能同用", "--baskets and --sample exclude each other"
        )
    figures = dict(map(_change, changes))
    overlay = None if overlay_file is None else read_or_stop(overlay_file)
    asks = bool(figures) or overlay is not None
    sources = sources_or_stop(policies)
    shelf = shelf_or_stop(sources)
    if example or (sample is not None and not asks):
        _print_baskets(shelf, _known(shelf, pack), seed, 1 if example else sample or 1)
        return
    if not asks or (baskets is None and sample is None):
        raise WrongUsageError(
            "请给出 --with PATH=VALUE 或 --overlay FILE,以及 --baskets FILE 或 --sample N",
            "give --with PATH=VALUE or --overlay FILE, and --baskets FILE or --sample N",
        )
    laid = None if overlay is None else _loaded(overlay)
    with _source(baskets, sample) as work:
        asked = _known(shelf, pack or work.pack or (None if laid is None else laid.pack))
        changed = _changed(shelf, asked, figures, laid)
        run = Run(sources, asked, figures, seed, overlay)
        tally = _calculated(run, work, workers_for(workers, os.cpu_count()))
    _print_answer(asked, changed, tally, as_json=as_json)
    if sample is not None and (tally.losers or tally.winners):
        again = f"--sample {sample} --seed {seed} --pack {asked}"
        click.echo(f"以上票据可用 {again} 打印 / print the drawn baskets with: what-if {again}", err=True)


def _known(shelf: Shelf, pack: str | None) -> str:
    """The pack that the question is about."""
    if pack is None:
        raise WrongUsageError(
            "请用 --pack 指明要问的政策包", "name the pack that the question is about with --pack"
        )
    if pack not in shelf.versions.by_id:
        known = ", ".join(sorted(shelf.versions.by_id))
        raise WrongUsageError(
            f"没有政策包 {pack!r};已知的有:{known}", f"no pack {pack!r}; known are: {known}"
        )
    return pack


def _loaded(source: PackSource) -> Overlay:
    """The overlay in a file; a mistake in it ends the command."""
    if not is_overlay(source):
        raise WrongUsageError(
            f"{source.name} 不是本地参数文件:其中没有 `overlay` 项",
            f"{source.name} is no overlay: it has no key `overlay`",
        )
    try:
        return load_overlay(source)
    except Invalid as invalid:
        stop(invalid)


def _changed(shelf: Shelf, pack: str, figures: dict[str, object], overlay: Overlay | None) -> Changed:
    """The packs with the figures; what does not fit ends the command."""
    if overlay is not None and overlay.pack != pack:
        raise WrongUsageError(
            f"{overlay.name} 是 {overlay.pack} 的本地参数,而问的是 {pack}",
            f"{overlay.name} lies over {overlay.pack}, and the question is about {pack}",
        )
    try:
        return shelf.with_figures(pack, figures, overlay)
    except Invalid as invalid:
        if overlay is not None and not figures:
            stop(invalid)
        # These values stand on the command line, not in the file.
        for fault in invalid.faults:
            click.echo(f"--with {fault.path}: {fault.message}", err=True)
        raise SystemExit(1) from invalid


def _change(text: str) -> tuple[str, object]:
    """``path=value``, the value as YAML."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip() or not value.strip():
        raise WrongUsageError(f"{text!r} 不是 PATH=VALUE", f"{text!r} is no PATH=VALUE")
    try:
        return path.strip(), read_yaml(value, "--with").data
    except YamlError as error:
        stop(error)


class _Work(NamedTuple):
    """Where the batches come from, how much they are in all if that is known, and the pack that they name."""

    name: str
    batches: Iterator[Batch]
    size: int | None
    pack: str | None = None


@contextmanager
def _source(baskets: Path | None, sample: int | None) -> Iterator[_Work]:
    if sample is not None:
        yield _Work("--sample", batches_to_draw(sample), sample)
    elif baskets is None or str(baskets) == "-":
        yield _of_file("-", sys.stdin.buffer, None)
    else:
        with baskets.open("rb") as file:
            yield _of_file(str(baskets), file, os.fstat(file.fileno()).st_size or None)


def _of_file(name: str, file: BinaryIO, size: int | None) -> _Work:
    lines = lines_of(file)
    first = next(lines, b"")
    return _Work(name, batches_of(chain([first] if first else [], lines)), size, pack_named_in(first))


def _calculated(run: Run, work: _Work, workers: int) -> Tally:
    """The sums over all baskets; a wrong one ends the command."""
    began = time.monotonic()
    tally, wrong = _with_progress(run, work, workers)
    if wrong:
        _print_wrong(work.name, wrong)
        raise SystemExit(1)
    _print_rate(tally.baskets_count, time.monotonic() - began, workers)
    return tally


def _with_progress(run: Run, work: _Work, workers: int) -> tuple[Tally, tuple[WrongBasket, ...]]:
    """Calculate, with a progress bar where somebody looks."""
    if not sys.stderr.isatty():
        return calculate_all(run, work.batches, workers, lambda _: None)
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("试算 / calculating", total=work.size)
        advance: Callable[[int], None] = lambda done: progress.advance(task, done)  # noqa: E731
        return calculate_all(run, work.batches, workers, advance)


def _print_answer(pack: str, changed: Changed, tally: Tally, *, as_json: bool) -> None:
    differences = compare(changed.before.data, changed.after.data)
    if as_json:
        plain = answer_as_plain(tally, differences, changed.breaches)
        click.echo(json.dumps({"pack": pack, **plain}, ensure_ascii=False, indent=2))
        return
    for line in answer_page(tally, differences, changed.breaches, changed.before.data):
        click.echo(line)


def _print_baskets(shelf: Shelf, pack: str, seed: int, count: int) -> None:
    sampler = Sampler(shelf.versions.by_id[pack][-1], seed)
    for number in range(count):
        click.echo(json.dumps(sampler.basket(number), ensure_ascii=False))


def _print_rate(baskets_count: int, seconds: float, workers: int) -> None:
    rate = baskets_count / max(seconds, 0.001)
    used = "1 process" if workers == 1 else f"{workers} processes"
    zh = f"{workers}个进程用{seconds:.1f}秒试算了{baskets_count:,}张票据,每秒{rate:,.0f}张"
    en = f"{baskets_count:,} baskets in {seconds:.1f} s with {used}: {rate:,.0f} a second"
    click.echo(f"{zh} / {en}", err=True)


def _print_wrong(name: str, wrong: tuple[WrongBasket, ...]) -> None:
    for line, fault in wrong:
        what = f"{fault.path}: {fault.message}" if fault.path else fault.message
        click.echo(f"{name}:{line}: error: {what}", err=True)
    click.echo("没有试算:请先改正以上票据。 / Nothing was summed up: correct these baskets first.", err=True)
