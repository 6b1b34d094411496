"""A gateway that a program of the operator's starts, with a credential service of the region's."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from medsettle.enrolment import Channel, enrol
from medsettle.errors import RefusedError
from medsettle.till import Till
from tests.e2e.blocks import ROOT, blocks, environment
from tests.e2e.secured import HOST, files_of
from tests.gateway.cli.city import City
from tests.gateway.rpc.certificates import Authority

pytestmark = pytest.mark.e2e

REGION = """
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from itertools import count

Answer = namedtuple("Answer", "credential_id member_no expires_at")
numbers = count(1)

async def ask_the_region(kind, token):
    if not token.startswith("shown-"):
        return None
    until = datetime.now(UTC) + timedelta(minutes=5)
    return Answer(f"c{next(numbers)}", token.removeprefix("shown-"), until)
"""


@contextmanager
def program(city: City, **settings: str) -> Iterator[str]:
    """Runs the program of the page on a city; yields its address."""
    (block,) = [each for each in blocks(ROOT / "gateway" / "README.md") if each.language == "python"]
    (city.folder / "program.py").write_text(REGION + block.text, "utf-8")
    variables = environment(MEDSETTLE_GATEWAY__LISTEN__ADDRESS="127.0.0.1:0", **settings)
    with subprocess.Popen(
        [sys.executable, "program.py"], cwd=city.folder, env=variables, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said.startswith("listening on "), said
            yield f"127.0.0.1:{said.split()[-1]}"
        finally:
            process.terminate()


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A city whose gateway is no demo: it knows nobody by itself."""
    made = City(tmp_path / "city")
    made.run("demo-city", str(made.folder))
    text = made.config.read_text("utf-8")
    made.config.write_text(text.replace("demo = true", "demo = false"), "utf-8")
    return made


def test_a_program_hands_in_who_says_whose_a_credential_is(city: City, tmp_path: Path) -> None:
    code = city.ask("terminal", "enrol", "P21030200101", "01")["code"]
    with program(city) as address:
        ready = enrol(Channel(address, insecure=True), code, "P21030200101-01", tmp_path)
        with Till.open(ready.config_file) as till:
            assert till.check_eligibility("shown-2103000001").masked_name == "张*"
            with pytest.raises(RefusedError, match="MEMBER_UNKNOWN"):
                till.check_eligibility("shown-999")
            with pytest.raises(RefusedError, match="CREDENTIAL_INVALID"):
                till.check_eligibility("somebody else's")


def test_a_program_speaks_tls_1_3_alone_as_the_command_does(city: City, tmp_path: Path) -> None:
    files = files_of(tmp_path, Authority.make())
    settings = {f"MEDSETTLE_GATEWAY__{name.replace('.', '__').upper()}": path for name, path in files.items()}
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    context.set_alpn_protocols(["h2"])
    with program(city, **settings) as address:
        port = int(address.rpartition(":")[2])
        assert version(context, port) == "TLSv1.3"
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            version(context, port)


def version(context: ssl.SSLContext, port: int) -> str | None:
    with (
        socket.create_connection((HOST, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        return connection.version()
