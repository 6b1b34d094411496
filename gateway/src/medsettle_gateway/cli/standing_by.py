"""``python -m medsettle_gateway.cli.standing_by`` does one command after another, for who gives many.

To start Python with the modules of a command takes far longer than the command. So ``medsettle.testing``
starts one process that stands by: it prints ``standing by`` once it can begin, takes one JSON object a line
and answers each with one line, until its input ends::

    {"arguments": ["ledger", "summary"], "environment": {"PATH": "..."}, "directory": "/where/it/runs"}
    {"code": 0, "stdout": "...", "stderr": "..."}

A command sees what it would see as a process: these variables, this directory, and an input that is empty.
``serve`` and other commands that do not end by themselves have to be processes of their own.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from typing import IO, Any, Final

import click

from medsettle_gateway.cli.top import top

_READY: Final = "standing by"


def main() -> None:
    """Does commands until the input ends."""
    asked, answers = _kept_apart()
    with asked, answers:
        answers.write(f"{_READY}\n")
        answers.flush()
        for line in asked:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


def _kept_apart() -> tuple[IO[str], IO[str]]:
    """Returns what is asked and where the answers go. A program that a command starts gets neither."""
    asked = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, sys.stdin.fileno())
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return asked, answers


def _answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the exit code of a command and what it printed."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.chdir(request["directory"])
    printed, complained = BytesIO(), BytesIO()
    sys.stdin = _text_of(BytesIO())
    with redirect_stdout(_text_of(printed)) as stdout, redirect_stderr(_text_of(complained)) as stderr:
        code = _code(request["arguments"])
        stdout.flush()
        stderr.flush()
    return {
        "code": code, "stdout": printed.getvalue().decode("utf-8", "replace"),
        "stderr": complained.getvalue().decode("utf-8", "replace"),
    }


def _code(arguments: Sequence[str]) -> int:
    """Does a command and returns its exit code; a fault within is shown as Python shows it."""
    try:
        top(list(arguments), prog_name="medsettle-gateway")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        click.echo(ended.code, err=True)
    except Exception:  # noqa: BLE001 - the process goes on, as the next one would begin
        traceback.print_exc()
    return 1


def _text_of(paper: BytesIO) -> TextIOWrapper:
    """Bytes as a stream of text, as Python's own streams are: a command may also print bytes."""
    return TextIOWrapper(paper, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
