"""The command line on a demo city of its own."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from medsettle_gateway.cli.frame import Gateway, open_gateway
from medsettle_gateway.cli.top import top

on_both_stores = pytest.mark.parametrize("city", ["file", "server"], indirect=True)
"""The rules of a test hold whatever the books are kept in."""

_TABLES = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
)


@dataclass
class City:
    """A folder with a gateway in it; ``url`` is where its books are, if they are kept on a server."""

    folder: Path
    url: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

    def copied(self, folder: Path, url: str = "") -> "City":
        """Returns a copy of the folder, with a database that is a copy as well."""
        shutil.copytree(self.folder, folder)
        city = City(folder, url)
        if url:
            text = self.config.read_text("utf-8")
            assert self.url in text
            city.config.write_text(text.replace(self.url, url), "utf-8")
        return city

    @property
    def gateway(self) -> Gateway:
        return open_gateway(self.config)

    def run(self, *arguments: str, exit_code: int = 0, typed: str | None = None) -> Result:
        """Runs a command on this gateway, with what somebody types; its exit code is as expected."""
        founding = arguments[0] in {"init", "demo-city"}
        config = () if founding else ("--config", str(self.config))
        result = CliRunner().invoke(top, [*arguments, *config], input=typed)
        assert result.exit_code == exit_code, (result.stdout, result.stderr, result.exception)
        return result

    def ask(self, *arguments: str, exit_code: int = 0) -> Any:
        """Runs a command with ``--json`` and returns what it printed."""
        return json.loads(self.run(*arguments, "--json", exit_code=exit_code).stdout)

    def write(self, name: str, *lines: str) -> str:
        """Writes a file into the folder and returns its path."""
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return str(path)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Returns what a query finds in the database."""
        with self.gateway.reading() as connection:
            return connection.execute(query).fetchall()

    def change(self, statement: str, *values: Any) -> None:
        """Does in the database what no command does."""
        with self.gateway.writing() as connection:
            connection.execute(statement, values)

    def content(self) -> list[Any]:
        """Returns every row of the database."""
        with self.gateway.reading() as connection:
            if isinstance(connection, sqlite3.Connection):
                return list(connection.iterdump())
            tables = [name for (name,) in connection.execute(_TABLES)]
            return [(name, sorted(map(repr, connection.execute(f"SELECT * FROM {name}")))) for name in tables]  # noqa: S608

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Asserts that the block changes nothing in the database."""
        before = self.content()
        yield
        assert self.content() == before
