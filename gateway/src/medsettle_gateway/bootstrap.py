"""The composition root: a configuration becomes a running gateway, and ends again without losing anything."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final

from medsettle.wire.signing import Certificate, KeySigner, Signer, verifier_of
from medsettle_gateway.config import Config, ConfigError, LimitsSection
from medsettle_gateway.files.keys import Keys, load_keys
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.files.yaml import YamlError
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.resolvers.demo import DemoResolver, NoResolver
from medsettle_gateway.rpc.aio import Front, new_event_loop
from medsettle_gateway.rpc.answering import Answerer, AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.calls import Calls, Handled, Ports
from medsettle_gateway.service.desk import Desk, Identity, Rules
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.ports import Clock, CredentialResolver
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.sweeper import Sweeper
from medsettle_gateway.service.writer import Writer
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite import SqliteStore

LOGGER: Final = logging.getLogger("medsettle.gateway")

_BACKDATED: Final = timedelta(minutes=5)
"""A till's clock may be behind: a certificate begins a little before it is issued."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Returns the instant, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Returns after that time."""
        await asyncio.sleep(seconds)


class Spawner:
    """Starts work beside the caller and knows what is running."""

    def __init__(self, failed: Callable[[str, BaseException], None]) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failed = failed

    def __call__(self, work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
        """Returns the running work; a failure of it is reported."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """Ends everything that still runs."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed(task.get_name(), error)


class AnsweringKeys:
    """This process's answering key, with a certificate of the root that is renewed at half its life."""

    def __init__(self, root: Signer, audience: str, clock: Clock, life: timedelta) -> None:
        self._root = root
        self._audience = audience
        self._clock = clock
        self._life = life
        self._key = KeySigner.generate()
        self._current, self._renew_at = self._issued(clock.now())

    def current(self) -> AnsweringKey:
        """Returns the key with a certificate that is valid now."""
        now = self._clock.now()
        if now >= self._renew_at:
            self._current, self._renew_at = self._issued(now)
        return self._current

    def sign(self, statement: bytes) -> tuple[bytes, str]:
        """Returns the signature of a receipt, and the certificate of the key that made it."""
        current = self.current()
        return current.signer.sign(statement), current.line

    def _issued(self, now: datetime) -> tuple[AnsweringKey, datetime]:
        """The key with a new certificate, and when to issue the next one."""
        begins, ends = milliseconds(now - _BACKDATED), milliseconds(now + self._life)
        certificate = Certificate.issue(self._root, self._audience, self._key, begins, ends)
        return AnsweringKey.of(self._key, certificate), now + self._life / 2


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything that runs. ``start`` it once; ``stop`` ends what is under way and closes the store."""

    config: Config
    store: SqliteStore
    writer: Writer
    sweeper: Sweeper
    front: Front
    spawner: Spawner

    @classmethod
    def of(cls, config: Config) -> "Gateway":
        """Returns the gateway of a configuration; it does not listen yet.

        Must be called inside the event loop. Raises ConfigError for anything that it cannot work with.
        """
        limits, clock = config.limits, SystemClock()
        keys, packs = load_keys(config.keys.directory), load_packs(config)
        answering = AnsweringKeys(
            keys.root, config.gateway.id, clock, timedelta(seconds=limits.answering_key_s)
        )
        desk = _desk(config, keys, packs, answering)
        resolver = _resolver(config, keys)
        store = SqliteStore.open(
            config.storage.path, Sealer.of(keys.identities), busy_ms=limits.store_busy_ms
        )
        writer = Writer(store, clock, desk, report)
        service = Service(store, clock, desk, resolver, writer, report)
        answerer = Answerer(answering.current)
        ports = Ports(
            config.gateway.id, service, store.load, clock, verifier_of, answerer, report, observe
        )
        sweeper = Sweeper(store, clock, writer, desk.rules, report)
        front = Front(Calls(ports, limits), config.listen, limits)
        return cls(config, store, writer, sweeper, front, Spawner(report))

    async def start(self) -> int:
        """Listens, and returns the port. Raises ConfigError if the address cannot be listened on."""
        self.writer.start(self.spawner)
        self.sweeper.start(self.spawner)
        try:
            return await self.front.start()
        except OSError as error:
            address = self.config.listen.address
            raise ConfigError(
                f"无法在 {address} 上监听;端口可能被占用,或证书文件不可用。",
                f"Cannot listen on {address}: the port may be taken, or a certificate file unusable.",
            ) from error

    async def stop(self) -> None:
        """Refuses what is new, finishes what was begun, and closes the database."""
        self.sweeper.stop()
        await self.front.drain(self.config.limits.drain_ms / 1000)
        await self.writer.drain()
        await self.spawner.cancel()
        await self.store.close()


def run(config: Config, ready: Callable[[int], None]) -> None:
    """Runs a gateway until the process is told to end; ``ready`` hears the port once calls are answered.

    Raises ConfigError if it cannot start.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(config, ready))


async def _run(config: Config, ready: Callable[[int], None]) -> None:
    told = asyncio.Event()
    with _told_to_end(told):
        gateway = Gateway.of(config)
        try:
            ready(await gateway.start())
            await told.wait()
            LOGGER.info("stopping")
        finally:
            await gateway.stop()
            LOGGER.info("stopped")


@contextmanager
def _told_to_end(told: asyncio.Event) -> Iterator[None]:
    """Sets the event when the process is told to end; a second time ends it at once."""
    loop = asyncio.get_running_loop()
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        wanted.append(signal.SIGBREAK)
    before = {each: signal.getsignal(each) for each in wanted}

    def end(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        loop.call_soon_threadsafe(told.set)

    for each in wanted:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in wanted:
            signal.signal(each, before[each])


def load_packs(config: Config) -> Packs:
    """Returns the shipped policy packs and the operator's, of the configured regions. Raises ConfigError."""
    try:
        packs = Packs.load(chain(shipped_packs(), _operators_packs(config.policy.directory)))
    except (Invalid, YamlError, OSError) as error:
        raise ConfigError(f"政策包无法加载:{error}", f"The policy packs cannot be loaded: {error}") from error
    regions = config.gateway.regions
    unknown = sorted(set(regions) - {pack.region for pack in packs})
    if unknown:
        listed = ", ".join(unknown)
        raise ConfigError(
            f"统筹区 {listed} 没有政策包。", f"There is no policy pack for the region {listed}."
        )
    return Packs(pack for pack in packs if not regions or pack.region in regions)


def _operators_packs(directory: Path | None) -> Iterator[PackSource]:
    if directory is not None:
        for path in sorted(directory.rglob("*.yaml")):
            yield read_pack(path)


def _desk(config: Config, keys: Keys, packs: Packs, answering: AnsweringKeys) -> Desk:
    return Desk(
        identity=Identity(config.gateway.id, keys.root.public_key, keys.root.suite),
        authority=Embedded(packs),
        quotes=QuoteTokens(keys.quotes),
        receipts=Receipts(answering),
        read_public_key=verifier_of,
        rules=_rules(config.limits),
    )


def _rules(limits: LimitsSection) -> Rules:
    return Rules(
        hold=timedelta(seconds=limits.hold_s),
        late_confirm=timedelta(seconds=limits.late_confirm_s),
        duplicate_window=timedelta(seconds=limits.duplicate_window_s),
        midnight_grace=timedelta(seconds=limits.midnight_grace_s),
        quote=timedelta(seconds=limits.quote_s),
        key_life=timedelta(days=limits.key_days),
        key_overlap=timedelta(seconds=limits.key_overlap_s),
        queue_count=limits.queue_length,
        retry_ms=limits.retry_ms,
        sweep_interval=timedelta(milliseconds=limits.sweep_interval_ms),
        sweep_count=limits.sweep_batch,
    )


def _resolver(config: Config, keys: Keys) -> CredentialResolver:
    if not config.gateway.demo:
        return NoResolver()
    if keys.issuer is None:
        raise ConfigError(
            f"{config.keys.directory} 中没有演示签发密钥;请执行 medsettle-gateway init --demo。",
            f"There is no demo issuer's key in {config.keys.directory}; run medsettle-gateway init --demo.",
        )
    return DemoResolver(verifier_of(keys.issuer.public_key))


def report(what: str, error: BaseException) -> None:
    """Logs what a decision failed of. Messages of errors hold no names and no credentials."""
    LOGGER.error("failed", extra={"fields": {"what": what, "error": type(error).__name__}}, exc_info=error)


def observe(handled: Handled) -> None:
    """Logs one call: who asked, what came of it, how long it took."""
    LOGGER.info("call", extra={"fields": {
        "method": handled.method, "terminal": handled.terminal, "request_id": handled.request_id,
        "code": handled.code, "reason": handled.reason, "duration_ms": handled.duration_ms,
    }})
