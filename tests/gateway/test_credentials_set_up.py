"""Resolvers as the configuration has them: what they send of ours, and what stops the start."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.bootstrap.credentials import Resolving, Waits, resolving
from medsettle_gateway.bootstrap.members import sealer_of
from medsettle_gateway.bootstrap.process import Spawner, SystemClock
from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.files.keys import create_keys, load_keys
from medsettle_gateway.resolvers.demo import DemoResolver, NoResolver
from medsettle_gateway.service.commands import Shown
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.storage.sqlite.database import migrate
from medsettle_gateway.storage.stores import connected, database_of

ASKED = AskedFor("210300", "P21030200101", Purpose.PURCHASE, "li")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "sesame-8c1f"


@dataclass
class Listening:
    """A service that takes down what it is sent, and says that each code is invalid."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next(int(each.split(":")[1]) for each in head.lower().splitlines() if "content-length" in each)
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(size))
        body = json.dumps({"code": -1, "message": "二维码无效"}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def service() -> AsyncIterator[Listening]:
    made = Listening()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


def config(folder: Path, *, demo: bool = False, **credentials: Any) -> Config:
    made = Config.of({"gateway": {"demo": demo}, "credentials": credentials}, {}, folder)
    create_keys(made.keys.directory, demo=demo)
    migrate(made.storage.path)
    return made


@asynccontextmanager
async def set_up(made: Config, envelopes: Any = None) -> AsyncIterator[Resolving]:
    clock = SystemClock()
    spawner = Spawner(lambda *_: None, frozenset())
    waits = Waits(clock, Patience(clock, spawner), timedelta(seconds=10))
    keys = load_keys(made.keys.directory)
    credentials = resolving(made, keys, frozenset({"210300"}), waits, envelopes)
    yield credentials
    await credentials.close()
    await spawner.cancel()


def table(service: Listening, **more: Any) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{service.port}/localQrCodeQuery", **more}


async def asked(made: Config, shown: Shown, envelopes: Any = None) -> Reason | None:
    async with set_up(made, envelopes) as credentials:
        answer = await credentials.resolver.resolve(shown, ASKED, NOW)
    return answer.reason if isinstance(answer, Refusal) else None


async def test_nothing_named_recognises_nobody_and_a_demo_its_own(tmp_path: Path) -> None:
    async with set_up(config(tmp_path / "plain")) as plain:
        assert isinstance(plain.resolver, NoResolver)
    async with set_up(config(tmp_path / "demo", demo=True)) as demo:
        assert isinstance(demo.resolver, DemoResolver)


async def test_what_the_service_wants_to_see_of_us_goes_in_the_header_that_it_names(
    tmp_path: Path, service: Listening
) -> None:
    secret = tmp_path / "ec"
    secret.write_text(f"{SECRET}\n", "ascii")
    secret.chmod(0o600)
    made = config(
        tmp_path, services=[table(service, secret_file=str(secret), secret_header="X-App-Key", org_id="ORG")]
    )
    assert await asked(made, Shown("electronic", "code-1")) is Reason.CREDENTIAL_INVALID
    assert f"X-App-Key: {SECRET}".lower() in service.heads[0].lower()
    assert json.loads(service.bodies[0])["orgId"] == "ORG"
    assert "code-1" not in service.heads[0]


async def test_a_secret_may_stand_in_the_environment(
    tmp_path: Path, service: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EC_SECRET", f"Bearer {SECRET}")
    made = config(tmp_path, services=[table(service, secret_variable="EC_SECRET")])
    await asked(made, Shown("electronic", "code-1"))
    assert f"authorization: bearer {SECRET}" in service.heads[0].lower()


@pytest.mark.parametrize(("more", "said"), [
    ({"secret_variable": "EC_NOT_SET"}, "EC_NOT_SET is empty"),
    ({"secret_file": "nowhere"}, "Cannot read the key file"),
    ({"ca_file": "nowhere.pem"}, "Cannot read the certificates"),
])
async def test_what_is_missing_stops_the_start(
    tmp_path: Path, service: Listening, more: dict[str, str], said: str
) -> None:
    made = config(tmp_path, services=[table(service, **more)])
    with pytest.raises(ConfigError, match=said):
        async with set_up(made):
            pass


async def test_a_secret_that_no_header_takes_is_not_repeated(
    tmp_path: Path, service: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EC_SECRET", f"{SECRET}\r\nX-Other: 1")
    made = config(tmp_path, services=[table(service, secret_variable="EC_SECRET")])
    with pytest.raises(ConfigError) as raised:
        async with set_up(made):
            pass
    assert SECRET not in str(raised.value)


class Turned:
    def seal(self, request: bytes) -> bytes:
        return request[::-1]

    def open(self, answer: bytes) -> bytes:
        return answer


async def test_an_envelope_is_its_services_alone(tmp_path: Path, service: Listening) -> None:
    made = config(tmp_path, services=[table(service), table(service, code_type="city")])
    await asked(made, Shown("electronic", "code-1"), {"city": Turned()})
    await asked(made, Shown("electronic", "code-1", "city"), {"city": Turned()})
    plain, turned = service.bodies
    assert json.loads(plain)["data"]["ecQrCode"] == "code-1"
    assert json.loads(turned[::-1])["data"]["ecQrCode"] == "code-1"


async def test_an_envelope_of_no_service_stops_the_start(tmp_path: Path, service: Listening) -> None:
    """By a slip of its name, all that it was meant for would go without."""
    cases: dict[str, dict[str, Any]] = {
        "none": {}, "other": {"services": [table(service, code_type="city")]},
    }
    for folder, named in cases.items():
        with pytest.raises(ConfigError, match="of which there is none"):
            async with set_up(config(tmp_path / folder, **named), {"": Turned()}):
                pass


async def test_cards_are_looked_up_in_the_register_without_any_service(tmp_path: Path) -> None:
    made = config(tmp_path, kinds=["electronic", "social_card"])
    async with set_up(made) as credentials:
        keys = load_keys(made.keys.directory)
        with connected(database_of(made), sealer_of(made, keys), root=keys.root.key):
            pass
        answer = await credentials.resolver.resolve(Shown("social_card", "A12345678"), ASKED, NOW)
        code = await credentials.resolver.resolve(Shown("electronic", "x"), ASKED, NOW)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.MEMBER_UNKNOWN
    assert isinstance(code, Refusal)
    assert code.reason is Reason.CREDENTIAL_NOT_ACCEPTED
