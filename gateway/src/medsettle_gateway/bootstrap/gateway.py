"""Everything that runs, put together from a configuration."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from medsettle.wire.signing import verifier_of
from medsettle.wire.states import SaleState
from medsettle_gateway.bootstrap.answering import AnsweringKeys
from medsettle_gateway.bootstrap.credentials import Resolving, Waits, resolving
from medsettle_gateway.bootstrap.files import allow_files
from medsettle_gateway.bootstrap.fronts import AnyFront, open_front
from medsettle_gateway.bootstrap.members import sealer_of
from medsettle_gateway.bootstrap.one_port import cannot_listen
from medsettle_gateway.bootstrap.process import (
    Spawner,
    SystemClock,
    spare_the_loaded,
    told_by_parent,
    told_to_end,
)
from medsettle_gateway.config import Config, ConfigError, LimitsSection, PolicySection
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.files.keys import Keys, load_keys
from medsettle_gateway.files.packs import read_pack, shipped_packs
from medsettle_gateway.files.yaml import YamlError
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.rpc.aio import new_event_loop
from medsettle_gateway.rpc.answering import Answerer
from medsettle_gateway.rpc.calls import Calls, Handled, Ports
from medsettle_gateway.rpc.tls import TlsFileError
from medsettle_gateway.rpc.verifying import best_verifier_of
from medsettle_gateway.service.chainer import Chainer
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Desk, Identity, Rules
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.emergency import Orders
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.ports import CredentialResolver, Store, StoreUnavailableError
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.recently import Recently
from medsettle_gateway.service.remote import Remotes
from medsettle_gateway.service.resolving import Bounded
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.sweeper import Sweeper
from medsettle_gateway.service.writer import Writer
from medsettle_gateway.storage.stores import database_of

if TYPE_CHECKING:
    from medsettle_gateway.resolvers.transport import Envelope

LOGGER: Final = logging.getLogger("medsettle.gateway")
LASTING: Final = frozenset({
    "medsettle-writer", "medsettle-writer-aside", "medsettle-sweeper", "medsettle-chainer",
    "medsettle-courier",
})
"""Work that a gateway must not go on without: nothing would be settled, or no hold end."""


class BrokenError(Exception):
    """Work that must not end has ended by an error: the process ends too, to be started anew."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything that runs. ``start`` it once; ``stop`` ends what is under way and closes the store.

    Stop it once ``spawner.broken`` is set: it answers, but not what it should.
    """

    config: Config
    store: Store
    writer: Writer
    sweeper: Sweeper
    chainer: Chainer
    courier: Courier | None
    calls: Calls
    front: AnyFront
    spawner: Spawner
    credentials: Resolving

    @classmethod
    async def of(
        cls, config: Config, remotes: Remotes | None = None, *, resolver: CredentialResolver | None = None,
        envelopes: "Mapping[str, Envelope] | None" = None, shared_port: bool = False,
    ) -> "Gateway":
        """Returns the gateway of a configuration; it does not listen yet.

        ``remotes`` are the authorities beyond the house that decide for some institutions or regions.
        ``resolver`` says whose a credential is; without one the configuration's services and the register
        do. ``envelopes`` are what requests to such a service go in, by its code type. With ``shared_port``
        other processes of this user may listen where it does. Raises ConfigError for anything that it
        cannot work with.
        """
        limits, clock = config.limits, SystemClock()
        keys, packs = load_keys(config.keys.directory, config.keys.identity_key_command), load_packs(config)
        answering = AnsweringKeys(
            keys.root, config.gateway.id, clock, timedelta(seconds=limits.answering_key_s)
        )
        desk = replace(_desk(config, keys, packs, answering), remotes=remotes or Remotes())
        spawner = Spawner(report, LASTING)
        waits = Waits(clock, Patience(clock, spawner), desk.rules.resolver_wait)
        if resolver is None:
            regions = frozenset(pack.region for pack in packs)
            credentials = resolving(config, keys, regions, waits, envelopes)
        else:
            credentials = Resolving(Bounded(resolver, waits.patience, waits.longest))
        async with AsyncExitStack() as opened:
            store = await database_of(config).open(sealer_of(config, keys), root=keys.root.key)
            opened.push_async_callback(store.close)
            writer = Writer(store, clock, desk, report, tell_warnings)
            courier = None
            if desk.remotes.authorities:
                courier = Courier(store, clock, writer, desk, report, spawner)
            recently = Recently(store.load, clock)
            service = Service(
                store, clock, desk, credentials.resolver, writer, report, courier, recently.load
            )
            answerer = Answerer(answering.current)
            ports = Ports(
                config.gateway.id, service, recently.load, clock, best_verifier_of(), answerer, report,
                observe,
            )
            sweeper = Sweeper(store, clock, writer, desk.rules, report)
            calls = Calls(ports, limits)
            front = open_front(calls, config.listen, limits, report, shared_port=shared_port)
            chainer = Chainer(store, clock, desk.rules, report)
            opened.pop_all()
            return cls(
                config, store, writer, sweeper, chainer, courier, calls, front, spawner, credentials
            )

    async def start(self) -> int:
        """Listens, and returns the port. Raises ConfigError if the address cannot be listened on."""
        self.writer.start(self.spawner)
        self.sweeper.start(self.spawner)
        self.chainer.start(self.spawner)
        if self.courier is not None:
            self.courier.start()
        try:
            return await self.front.start()
        except TlsFileError as error:
            raise ConfigError(error.zh, error.en) from error
        except OSError as error:
            raise cannot_listen(self.config.listen.address) from error

    async def stop(self) -> None:
        """Refuses what is new, finishes what was begun, and closes the database."""
        self.sweeper.stop()
        if self.courier is not None:
            self.courier.stop()
        await self.front.drain(self.config.limits.drain_ms / 1000)
        await self.writer.drain()
        await self.spawner.cancel()
        await self.chainer.stop()
        await self.credentials.close()
        await self.store.close()


def run(
    config: Config, ready: Callable[[int], object], remotes: Remotes | None = None, *,
    resolver: CredentialResolver | None = None, envelopes: "Mapping[str, Envelope] | None" = None,
    worker: bool = False,
) -> None:
    """Runs a gateway until the process is told to end; ``ready`` hears the port once calls are answered.

    ``remotes``, ``resolver`` and ``envelopes`` are what :meth:`Gateway.of` takes. A worker shares its port
    with others, and ends with whoever started it. Raises ConfigError if it cannot start, BrokenError if it
    cannot go on.
    """
    def made() -> Coroutine[Any, Any, Gateway]:
        return Gateway.of(
            config, remotes, resolver=resolver, envelopes=envelopes, shared_port=worker
        )

    connections = config.limits.connections
    room = allow_files(connections)
    if room is not None and room < connections:
        LOGGER.warning("too few files may be open: see ulimit -n", extra={"fields": {
            "connections": connections, "room": room,
        }})
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run(made, ready, worker=worker))


async def _run(
    made: Callable[[], Coroutine[Any, Any, Gateway]], ready: Callable[[int], object], *, worker: bool
) -> None:
    told = asyncio.Event()
    with told_to_end(told), told_by_parent(told) if worker else nullcontext():
        gateway = await made()
        spare_the_loaded()
        try:
            ready(await gateway.start())
            await _either(told, gateway.spawner.broken)
            LOGGER.info("stopping")
        finally:
            await gateway.stop()
            LOGGER.info("stopped")
        if gateway.spawner.broken.is_set():
            raise BrokenError


async def _either(*events: asyncio.Event) -> None:
    """Returns when one of the events is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


def load_packs(config: Config) -> Packs:
    """Returns the shipped policy packs and the operator's, of the configured regions. Raises ConfigError.

    So it does where an overlay breaks a floor or ceiling of its pack, or lies over nothing.
    """
    try:
        packs = Packs.load(chain(shipped_packs(), _operators_files(config.policy)))
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


def _operators_files(policy: PolicySection) -> Iterator[PackSource]:
    """Packs and overlays of the operator, each file once, even where one folder lies in the other."""
    paths: dict[Path, None] = {}
    for name, folder in (("policy.directory", policy.directory), ("policy.overlays", policy.overlays)):
        if folder is None:
            continue
        if not folder.is_dir():
            raise ConfigError(f"{name} 不是文件夹:{folder}", f"{name} is no folder: {folder}")
        paths.update((path.resolve(), None) for path in sorted(folder.rglob("*.yaml")))
    return (read_pack(path) for path in paths)


def desk_of(config: Config, keys: Keys) -> Desk:
    """Returns what operators' decisions are made with. Raises ConfigError."""
    life = timedelta(seconds=config.limits.answering_key_s)
    answering = AnsweringKeys(keys.root, config.gateway.id, SystemClock(), life)
    return _desk(config, keys, load_packs(config), answering)


def _desk(config: Config, keys: Keys, packs: Packs, answering: AnsweringKeys) -> Desk:
    return Desk(
        identity=Identity(config.gateway.id, keys.root.public_key, keys.root.suite),
        authority=Embedded(Rulebook(packs)),
        quotes=QuoteTokens(keys.quotes),
        receipts=Receipts(answering),
        read_public_key=verifier_of,
        rules=_rules(config.limits),
        orders=Orders(verifier_of(keys.root.public_key), report),
    )


def _rules(limits: LimitsSection) -> Rules:
    return Rules(
        hold=timedelta(seconds=limits.hold_s),
        late_confirm=timedelta(seconds=limits.late_confirm_s),
        duplicate_window=timedelta(seconds=limits.duplicate_window_s),
        midnight_grace=timedelta(seconds=limits.midnight_grace_s),
        late_claim=timedelta(days=limits.late_claim_days),
        stay=timedelta(days=limits.stay_days),
        quote=timedelta(seconds=limits.quote_s),
        binding=timedelta(seconds=limits.binding_s),
        key_life=timedelta(days=limits.key_days),
        key_overlap=timedelta(seconds=limits.key_overlap_s),
        queue_count=limits.queue_length,
        group_count=limits.group_count,
        group_wait=timedelta(milliseconds=limits.group_wait_ms),
        retry_ms=limits.retry_ms,
        sweep_interval=timedelta(milliseconds=limits.sweep_interval_ms),
        sweep_count=limits.sweep_batch,
        variance_fen=limits.variance_fen,
        authority_wait=timedelta(milliseconds=limits.authority_wait_ms),
        errand_count=limits.authority_calls,
        errand_interval=timedelta(milliseconds=limits.errand_interval_ms),
        errand_pause_most=timedelta(seconds=limits.errand_pause_most_s),
        chain_interval=timedelta(milliseconds=limits.chain_interval_ms),
        chain_count=limits.chain_batch,
    )


def report(what: str, error: BaseException) -> None:
    """Logs what a decision failed of. Messages of errors hold no names and no credentials.

    A store that is away is no fault of the program: one line a call, or an outage would fill the disk.
    """
    fields = {"what": what, "error": type(error).__name__}
    if isinstance(error, StoreUnavailableError):
        LOGGER.error("failed", extra={"fields": {**fields, "why": str(error)}})
    else:
        LOGGER.error("failed", extra={"fields": fields}, exc_info=error)


def observe(handled: Handled) -> None:
    """Logs one call: who asked, what came of it, how long it took."""
    LOGGER.info("call", extra={"fields": {
        "method": handled.method, "terminal": handled.terminal, "request_id": handled.request_id,
        "code": handled.code, "reason": handled.reason, "duration_ms": handled.duration_ms,
    }})


def tell_warnings(sale: SaleRecord) -> None:
    """Logs the thresholds of the year that a sale passed when it was settled: ids and amounts, no names."""
    if sale.state is not SaleState.SETTLED:
        return
    for settlement in sale.settlements:
        for raised in settlement.raised:
            LOGGER.warning("warning", extra={"fields": {
                "request_id": sale.request_id.text, "warning": raised.id, "member": sale.member,
                "threshold_fen": raised.threshold_fen, "before_fen": raised.before_fen,
                "after_fen": raised.after_fen,
            }})
