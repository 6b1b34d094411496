"""The command line on a demo city of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from medsettle_gateway.cli.frame import Gateway, open_gateway
from medsettle_gateway.cli.top import top


@dataclass
class City:
    """A folder with a gateway in it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

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

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Asserts that the block changes nothing in the database."""
        with self.gateway.reading() as connection:
            before = list(connection.iterdump())
        yield
        with self.gateway.reading() as connection:
            assert list(connection.iterdump()) == before
