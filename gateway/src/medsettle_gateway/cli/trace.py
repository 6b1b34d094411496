"""``medsettle-gateway trace``: where a pack was sold, by its traceability code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from medsettle_gateway.cli.frame import config_option, field, json_option, open_gateway, print_json, shown_at
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.storage.tracing import EVENTS_MOST, Traced, TraceEvent, trace_of

_CHARS_MOST: Final = 64


@click.command("trace", short_help="按追溯码查询销售 where a pack was sold, by its code")
@click.argument("code")
@json_option
@config_option
def trace(code: str, as_json: bool, config_path: Path) -> None:  # noqa: FBT001
    """Print where the pack with the traceability code CODE stands sold, and every sale that took it.

    A sale that was reversed, released or expired has given it back; then it may be sold again.
    """
    if not 1 <= len(code) <= _CHARS_MOST or not code.isprintable():
        raise WrongValueError(
            f"应为1至{_CHARS_MOST}个可见字符", f"must be 1 to {_CHARS_MOST} printable characters",
            param_hint="CODE",
        )
    gateway = open_gateway(config_path)
    with gateway.reading() as connection:
        found = trace_of(connection, code)
    if as_json:
        print_json(_plain(code, found))
        return
    for line in _lines(code, found):
        click.echo(line)


def _plain(code: str, found: Traced) -> dict[str, Any]:
    state = found.state
    return {
        "code": code,
        "sold": None if state is None else {
            "institution": state.institution,
            "request_id": state.request_id,
            "sold_at": shown_at(state.sold_at),
            "split": state.split,
            "standing_count": state.standing_count,
        },
        "events": [each._asdict() | {"at": shown_at(each.at)} for each in found.events],
    }


def _lines(code: str, found: Traced) -> Iterator[str]:
    state = found.state
    yield f"追溯码 / traceability code {code}"
    if state is None:
        yield "  未售出,可以销售 / not sold: it may be sold" if found.events else "  没有记录 / not known"
    else:
        yield field("售出机构", "sold at", state.institution)
        yield field("售出时间", "sold on", shown_at(state.sold_at))
        yield field("业务流水号", "request id", state.request_id)
        if state.split:
            yield field("拆零销售笔数", "sales of its parts", state.standing_count)
    if found.events:
        yield "经过,最近的在前 / what became of it, the latest first"
    for each in found.events:
        yield f"  {_event(each)}"
    if len(found.events) == EVENTS_MOST:
        yield f"  只列出最近 {EVENTS_MOST} 条 / only the latest {EVENTS_MOST}"


def _event(event: TraceEvent) -> str:
    zh, en = ("售出", "sold") if event.sold else ("退回", "given back")
    part = " 拆零 in part" if event.split else ""
    return f"{shown_at(event.at)}  {zh} {en}{part}  {event.request_id}  {event.item_code}"
