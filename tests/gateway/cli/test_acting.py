"""Who acts at the command line: the system's own name of the user, which no variable changes."""

import os
import sys
from types import SimpleNamespace

import pytest

from medsettle_gateway.cli.acting import on_record, system_user

if sys.platform == "win32":
    pytest.skip("users have numbers elsewhere", allow_module_level=True)

import pwd


def runs_as(monkeypatch: pytest.MonkeyPatch, number: int, **environment: str) -> None:
    """Another user runs the command."""
    names = {0: "root", 1001: "wang"}

    def named(asked: int) -> SimpleNamespace:
        return SimpleNamespace(pw_name=names[asked])

    monkeypatch.setattr(os, "getuid", lambda: number)
    monkeypatch.setattr(pwd, "getpwuid", named)
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_the_system_says_who_it_is_and_no_variable_does(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_as(monkeypatch, 1001, USER="zhao", LOGNAME="zhao", SUDO_USER="zhao")
    assert on_record("李某") == "李某 [wang]"


def test_of_root_it_is_said_who_became_it(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_as(monkeypatch, 0, SUDO_USER="wang")
    assert system_user() == "root, sudo wang"
    runs_as(monkeypatch, 0, SUDO_USER="wa\nng")
    assert system_user() == "root"


def test_a_user_without_a_name_stands_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_as(monkeypatch, 4711)
    assert system_user() == "uid 4711"
