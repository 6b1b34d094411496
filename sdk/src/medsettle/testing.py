"""A real gateway for tests of a till: a child process behind a proxy that plays scripted faults.

Needs the package ``medsettle-gateway`` installed beside the SDK. The gateway runs with ``--demo`` on
a small invented city, on this machine only::

    with Gateway() as gateway:
        config = gateway.enrol_till("P21030200101")
        with Till.open(config) as till:
            till.check_eligibility(gateway.issue_credential("2103000001"))
            # It answers, the till never hears of it, and the power is gone:
            withheld = gateway.proxy.swallow_answer(then=gateway.kill)
            ...
            withheld.wait()
            gateway.restart()  # same address, same database
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from medsettle._commands import GatewayCommands
from medsettle._faults import Held, Withheld
from medsettle._process import GatewayFailedError, GatewayProcess
from medsettle._proxy import Proxy
from medsettle.enrolment import Channel, enrol

__all__ = ["Gateway", "GatewayFailedError", "Held", "Proxy", "Withheld"]

_START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0
_PREFIX: Final = "MEDSETTLE_GATEWAY__"


class Gateway:
    """A gateway with the demo city, in a directory of its own.

    ``settings`` stand above its configuration, by ``section.name``: ``{"limits.hold_s": "1"}``.
    ``serve_options`` are added to ``medsettle-gateway serve``: ``("--workers", "2")``.
    Tills use ``address``, the proxy's: it stays the same when the gateway is started anew.
    """

    def __init__(
        self, directory: Path | None = None, settings: Mapping[str, str] | None = None,
        serve_options: Sequence[str] = (),
    ) -> None:
        """Nothing starts yet. Without a directory it works in a temporary one."""
        self._serve_options = tuple(serve_options)
        self._temporary = None if directory else _temporary_directory()
        self.directory = directory or Path(self._temporary.name if self._temporary else "")
        self.proxy = Proxy()
        self._process: GatewayProcess | None = None
        self._environment = {
            _PREFIX + name.upper().replace(".", "__"): value
            for name, value in {"listen.address": "127.0.0.1:0", **(settings or {})}.items()
        }
        self._commands = GatewayCommands(self._environment)

    @property
    def address(self) -> str:
        """Where tills connect: ``host:port``, through the proxy."""
        return self.proxy.address

    @property
    def direct_address(self) -> str:
        """Where the gateway listens itself; another one after each start."""
        return f"127.0.0.1:{self.proxy.gateway_port}"

    @property
    def running(self) -> bool:
        """Is the process there?"""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Its process id, or that of who watches over its workers. Raises GatewayFailedError."""
        if self._process is None:
            raise GatewayFailedError("the gateway was not started")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the gateway has printed so far, over all starts."""
        path = self._log_path
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    @property
    def config_path(self) -> Path:
        """Its configuration file."""
        return self.directory / "gateway.toml"

    def __enter__(self) -> Self:
        """Makes directory, keys, database and city, unless they are there; starts and returns it."""
        try:
            if not self.config_path.exists():
                self.run("demo-city", str(self.directory))
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Ends its processes at once, closes the proxy and removes a temporary directory."""
        if self._process is not None:
            self._process.kill()
        self._commands.close()
        self.proxy.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def start(self) -> None:
        """Starts it and returns once it serves. Raises GatewayFailedError with what it printed."""
        arguments = ("serve", "--config", str(self.config_path), "--demo", *self._serve_options)
        self._process = GatewayProcess(arguments, self._environment, self._log_path)
        self.proxy.gateway_port = self._process.wait_until_ready(_START_TIMEOUT_S)

    def stop(self) -> int:
        """Lets it finish what is under way and end (SIGTERM). Returns its exit code."""
        return self._process.stop(_STOP_TIMEOUT_S) if self._process is not None else 0

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """Starts it again on the same database, behind the same address, and ends the proxy's fault."""
        self.kill()
        self.start()
        self.proxy.pass_through()

    def run(self, *arguments: str) -> str:
        """Returns what a command of ``medsettle-gateway`` prints. Raises GatewayFailedError.

        One process does all commands, so that each takes milliseconds; one that does not end is ended.
        """
        return self._commands.run(arguments)

    def issue_credential(self, member: str) -> str:
        """Returns a new scannable token of a member of the city, by member number."""
        return str(self._run_json("credential", "issue", member)["token"])

    def enrol_till(self, institution: str, till: str = "01", *, suite: str = "ed25519") -> Path:
        """Enrols a terminal of the city and returns its till.toml. Raises MedsettleError."""
        terminal = f"{institution}-{till}"
        channel = Channel(self.address, insecure=True)
        code = self.enrolment_code(institution, till)
        return enrol(channel, code, terminal, self.directory / "tills" / terminal, suite=suite).config_file

    def enrolment_code(self, institution: str, till: str = "01") -> str:
        """Returns a new one-time code for a terminal: ``<code>.<fingerprint>``."""
        return str(self._run_json("terminal", "enrol", institution, till)["code"])

    def books(self) -> Mapping[str, Any]:
        """Returns the gateway's summary of its ledger: books, totals in fen, balance, open sales."""
        return self._run_json("ledger", "summary")

    def _run_json(self, *arguments: str) -> Mapping[str, Any]:
        printed = self.run(*arguments, "--config", str(self.config_path), "--json")
        answer: Mapping[str, Any] = json.loads(printed)
        return answer

    @property
    def _log_path(self) -> Path:
        return self.directory / "gateway.log"


def _temporary_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="medsettle-", ignore_cleanup_errors=True)
