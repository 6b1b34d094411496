"""A gateway put together from its configuration: what it starts with, and how it bears a full disk."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.signing import Certificate, KeySigner, verifier_of
from medsettle.wire.states import SaleState
from medsettle_gateway.bootstrap import fronts
from medsettle_gateway.bootstrap.answering import AnsweringKeys
from medsettle_gateway.bootstrap.gateway import LASTING, BrokenError, Gateway, load_packs, run, tell_warnings
from medsettle_gateway.bootstrap.process import spare_the_loaded
from medsettle_gateway.config import Config, ConfigError, GatewaySection, PolicySection
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.moves import PutTerminal, PutTerminalKey
from medsettle_gateway.domain.sale import WarningRecord
from medsettle_gateway.files.keys import create_keys
from medsettle_gateway.resolvers.demo import NoResolver
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.service.commands import Answer, Caller, RefusedAnswer, SaleAnswer, Seal
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.remote import Remotes
from medsettle_gateway.service.resolving import Bounded
from medsettle_gateway.service.writer import Writer
from medsettle_gateway.storage.places import enter_institutions
from medsettle_gateway.storage.sqlite.database import migrate
from medsettle_gateway.storage.sqlite.store import SqliteStore
from tests.gateway.service.scripted import NAME, Scripted
from tests.gateway.service.world import KEY, enrolled, spawn
from tests.gateway.storage.stand import clinic, sale, settlement, write

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALLER = Caller("H1-T1", "H1", KEY)
PATIENCE_S = 20
"""A stop that hangs ends the test, not the run."""


class HandClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def config_in(folder: Path, **listen: Any) -> Config:
    return Config.of({"listen": {"address": "127.0.0.1:0", **listen}}, {}, folder)


def connection_of(gateway: Gateway) -> sqlite3.Connection:
    assert isinstance(gateway.store, SqliteStore)
    return gateway.store._writing.connection


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    running = await Gateway.of(config)
    await running.start()
    enter_institutions(connection_of(running), [(2, clinic(code="H1"))], NOW, "a test")
    tills, key = enrolled("H1")
    await write(running.store, *map(PutTerminal, tills), PutTerminalKey(key))
    yield running
    await running.stop()


async def test_a_program_hands_in_who_says_whose_a_credential_is(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    registry = NoResolver()
    running = await Gateway.of(config, resolver=registry)
    await running.start()
    service = running.calls._ports.service
    assert isinstance(service, Service)
    assert isinstance(service.resolver, Bounded)
    assert service.resolver.resolver is registry
    await running.stop()


async def seal(gateway: Gateway, number: int) -> Answer:
    request_id = RequestId.parse(f"H1-T1-20260302-{number}-1")
    return await gateway.writer.submit(Seal(CALLER, request_id, "x" * 40, NOW))


def closed(config: Config) -> bool:
    """A database that was closed properly leaves no write-ahead log."""
    return not Path(f"{config.storage.path}-wal").exists()


def reason_of(answer: Answer) -> Reason | None:
    return answer.refusal.reason if isinstance(answer, RefusedAnswer) else None


async def test_a_full_disk_is_answered_and_passes_when_space_returns(gateway: Gateway) -> None:
    connection = connection_of(gateway)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    answers = [await seal(gateway, number) for number in range(1, 60)]
    refused = [number for number, answer in enumerate(answers, 1) if reason_of(answer) is not None]
    assert {reason_of(answers[number - 1]) for number in refused} == {Reason.STORE_UNAVAILABLE}
    recorded = connection.execute("SELECT number FROM sales ORDER BY number").fetchall()
    assert [number for (number,) in recorded] == [n for n in range(1, 60) if n not in refused]
    connection.execute("PRAGMA max_page_count = 100000")
    again = await seal(gateway, refused[0])
    assert isinstance(again, SaleAnswer)
    assert again.sale.state is SaleState.SEALED
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (len(recorded) + 1,)


async def test_a_stopped_gateway_has_ended_what_was_begun(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    running = await Gateway.of(config)
    await running.start()
    await seal(running, 1)
    await running.stop()
    assert reason_of(await seal(running, 2)) is Reason.SHUTTING_DOWN
    assert closed(config)


async def test_a_gateway_that_was_never_started_stops_at_once(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    made = await Gateway.of(config)
    waiting = asyncio.create_task(seal(made, 1))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await made.stop()
    assert reason_of(await waiting) is Reason.SHUTTING_DOWN
    assert closed(config)


async def test_a_gateway_that_cannot_be_put_together_leaves_its_store_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fronts, "find_spec", lambda _: None)
    config = config_in(tmp_path, front="fast")
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    with pytest.raises(ConfigError, match="medsettle-gateway"):
        await Gateway.of(config)
    assert closed(config)


async def test_all_that_a_gateway_must_not_go_on_without_runs(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    made = await Gateway.of(config, Remotes({NAME: Scripted(HandClock(), spawn)}))
    await made.start()
    assert {task.get_name() for task in made.spawner._running} >= LASTING
    await made.stop()
    assert not made.spawner.broken.is_set()


def test_a_gateway_whose_writer_ends_by_an_error_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_writer: Writer) -> bool:
        raise MemoryError

    monkeypatch.setattr(Writer, "_form", broken)
    config = config_in(tmp_path)
    create_keys(config.keys.directory, demo=False)
    migrate(config.storage.path)
    with pytest.raises(BrokenError):
        run(config, lambda port: None)
    assert closed(config)


def test_the_answering_key_is_certified_by_the_root_and_renewed_at_half_its_life() -> None:
    root, clock = KeySigner.generate(), HandClock()
    keys = AnsweringKeys(root, "gateway", clock, timedelta(hours=24))
    first = keys.current()
    clock.at += timedelta(hours=11, minutes=59)
    assert keys.current() is first
    clock.at += timedelta(minutes=1)
    renewed = keys.current()
    assert renewed is not first
    for each, at in ((first, NOW), (renewed, clock.at + timedelta(hours=23))):
        verifier = each.certificate.answering_key(
            verifier_of(root.public_key), "gateway", milliseconds(at)
        )
        assert verifier.verify(each.signer.sign(b"x"), b"x")
    signature, line = keys.sign(b"a receipt")
    assert Certificate.decode(line) == renewed.certificate
    assert verifier_of(renewed.signer.public_key).verify(signature, b"a receipt")


def test_a_till_whose_clock_is_hours_behind_believes_the_answer_that_corrects_it() -> None:
    root = KeySigner.generate()
    issued = AnsweringKeys(root, "gateway", HandClock(), timedelta(hours=24)).current()
    behind = milliseconds(NOW - timedelta(hours=23, minutes=59))
    verifier = issued.certificate.answering_key(verifier_of(root.public_key), "gateway", behind)
    assert verifier.key == issued.signer.key


def test_what_is_loaded_before_the_start_is_not_searched_for_cycles_any_more() -> None:
    usual, loaded = gc.get_threshold(), [object()]
    try:
        spare_the_loaded()
        made = [object()]
        searched = gc.get_objects()
        assert not any(each is loaded for each in searched)
        assert any(each is made for each in searched)
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)


def test_packs_are_those_of_the_configured_regions(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    everywhere = {pack.region for pack in load_packs(config)}
    here = replace(config, gateway=GatewaySection(regions=("210300",)))
    assert "210300" in everywhere
    assert {pack.region for pack in load_packs(here)} == {"210300"}
    nowhere = replace(config, gateway=GatewaySection(regions=("999999",)))
    with pytest.raises(ConfigError, match="no policy pack for the region 999999"):
        load_packs(nowhere)


def test_a_wrong_pack_of_the_operator_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "mine.yaml").write_text("pack: [", "utf-8")
    config = replace(config_in(tmp_path), policy=PolicySection(tmp_path / "packs"))
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load_packs(config)


OVERLAY = """\
overlay: anshan-2024
pack: anshan-employee-outpatient
author: 王某
date: 2024-01-05
authority: 鞍医保发〔2024〕3号
effective: {{from: 2024-01-01, to: null}}
known_from: 2024-01-05
benefits: {{general_outpatient: {{ratio: {{rows: [{{ratio: "{ratio}"}}]}}}}}}
"""


def with_overlay(tmp_path: Path, ratio: str, **folders: Path | None) -> Config:
    folder = tmp_path / "packs" / "overlays"
    folder.mkdir(parents=True)
    (folder / "anshan.yaml").write_text(OVERLAY.format(ratio=ratio), "utf-8")
    return replace(config_in(tmp_path), policy=PolicySection(**{"overlays": folder, **folders}))


def test_an_overlay_is_laid_over_its_pack(tmp_path: Path) -> None:
    packs = load_packs(with_overlay(tmp_path, "0.60", directory=tmp_path / "packs"))
    pack = packs.find("210300", "employee", "general_outpatient", date(2026, 7, 2))
    assert pack.overlay is not None
    assert pack.overlay.id == "anshan-2024"


def test_an_overlay_below_the_documents_floor_stops_the_start_and_names_file_and_figure(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_packs(with_overlay(tmp_path, "0.40"))
    assert "anshan.yaml" in refused.value.en
    assert "ratio" in refused.value.en
    assert "政策包无法加载" in refused.value.zh


@pytest.mark.parametrize("name", ["directory", "overlays"])
def test_a_folder_of_policies_that_is_not_there_stops_the_start(tmp_path: Path, name: str) -> None:
    config = replace(config_in(tmp_path), policy=PolicySection(**{name: tmp_path / "gone"}))
    with pytest.raises(ConfigError, match=f"policy.{name} is no folder"):
        load_packs(config)


def test_warnings_are_logged_with_ids_and_amounts_once_a_sale_is_settled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    raised = WarningRecord("poverty_risk", "因病致贫预警", "risk of poverty", 50_000, 45_000, 55_000)
    settled = sale(state=SaleState.SETTLED, member="m1", settlements=(settlement(raised=(raised,)),))
    tell_warnings(structs.replace(settled, state=SaleState.HELD))
    tell_warnings(settled)
    (record,) = [each for each in caplog.records if each.name == "medsettle.gateway"]
    assert record.__dict__["fields"] == {
        "request_id": settled.request_id.text, "warning": "poverty_risk", "member": "m1",
        "threshold_fen": 50_000, "before_fen": 45_000, "after_fen": 55_000,
    }
