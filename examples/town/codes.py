"""The town's own code service, which the gateway asks whose a scanned code is: simulated, as a process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

PEOPLE: Final = Path(__file__).parent / "codes.csv"
_SETTINGS: Final = """
[[credentials.services]]
code_type = "town"
prefix = "TOWN:"
url = "{url}"
attempts = 1
timeout_ms = 1000
"""
_ANNOUNCED: Final = "credential service simulated at "


@dataclass
class CodeService:
    """Where it is; it fails as it is told to."""

    url: str

    @property
    def settings(self) -> str:
        """What the gateway's configuration says of it."""
        return _SETTINGS.format(url=json.dumps(self.url)[1:-1])

    def fails(self, fault: str) -> None:
        """From now on it fails so: ``away``, ``slow``, ``none`` and others."""
        control = self.url.removesuffix("/localQrCodeQuery") + "/control"
        httpx.post(control, json={"fault": fault}).raise_for_status()


@contextmanager
def code_service() -> Iterator[CodeService]:
    """Starts the service, and ends it. Raises RuntimeError if it does not start."""
    command = [
        sys.executable, "-u", "-m", "medsettle_gateway", "credential", "simulate", "--people", str(PEOPLE)
    ]
    with subprocess.Popen(  # noqa: S603 - this interpreter, by the words above
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if _ANNOUNCED not in said:
                raise RuntimeError(f"the code service did not start: {said}")
            yield CodeService(said.split()[-1])
        finally:
            process.terminate()
