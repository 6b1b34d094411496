"""The sections of the configuration and what must hold between them."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from medsettle_gateway.config.credentials import CredentialsSection, credentials_agree
from medsettle_gateway.config.database_url import DatabaseUrl
from medsettle_gateway.config.reading import ConfigError, read

_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_REGION: Final = re.compile(r"[0-9]{6}")
_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\s]+):(?P<port>[0-9]{1,5})")
_LARGEST_PORT: Final = 65_535
_LOOPBACK: Final = "localhost"
"""The one name that is this machine everywhere; any other may be moved."""


def _choice(default: str, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    value: str = field(default=default, metadata={"choices": choices})
    return value


@dataclass(frozen=True, slots=True)
class GatewaySection:
    """Who the gateway is.

    ``id`` is the audience of every signature. ``regions`` are the pooling regions that it settles
    for; none: every region that it has a policy pack for. With ``demo`` it accepts sample keys and
    the credentials of its own demo issuer.
    """

    id: str = "gateway"
    regions: tuple[str, ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True)
class ListenSection:
    """Where it listens: ``host:port``, port 0 for a free one.

    Certificate and key belong together; with ``tls_client_ca`` clients must show a certificate too.
    Beyond the machine itself it refuses to listen without TLS, unless it is told to.
    """

    address: str = "127.0.0.1:50051"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    allow_plaintext_beyond_loopback: bool = False
    front: str = _choice("aio", ("aio", "fast"))
    """What carries the calls: ``aio`` (grpc.aio), or ``fast`` (the extra of that name; plaintext only)."""

    @property
    def host(self) -> str:
        """The part before the port."""
        return self.address.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port; 0 asks the system for a free one."""
        return int(self.address.rpartition(":")[2])

    @property
    def beyond_loopback(self) -> bool:
        """Can other machines reach it?"""
        try:
            return not ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host != _LOOPBACK


@dataclass(frozen=True, slots=True)
class StorageSection:
    """Where the books are kept: in the embedded database at ``path``, or, if one is named, on a server.

    A path that is not absolute starts at the config file. ``database_url`` is
    ``postgresql://USER@HOST/DATABASE``; with it nothing is kept at ``path``.
    """

    path: Path = Path("gateway.db")
    database_url: DatabaseUrl | None = None


@dataclass(frozen=True, slots=True)
class KeysSection:
    """Where the gateway's own keys lie, in files that only their owner may read.

    Keys of people's names and numbers may lie there wrapped by a key service. Then ``identity_key_command``
    gets what is wrapped on its standard input and prints the key, ``identity_wrap_command`` does the reverse:
    each is a program and its arguments.
    """

    directory: Path = Path("keys")
    identity_key_command: tuple[str, ...] = ()
    identity_wrap_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicySection:
    """Further policy packs than those that are shipped, and a region's own figures; absent: none.

    Overlays may lie among the packs, or in a folder of their own.
    """

    directory: Path | None = None
    overlays: Path | None = None


@dataclass(frozen=True, slots=True)
class LogSection:
    """How much is logged, and as what: ``text`` for people, ``json`` for programs."""

    level: str = _choice("info", ("debug", "info", "warning", "error"))
    format: str = _choice("text", ("text", "json"))


def _limit(default: int, least: int, most: int) -> int:
    """One whole number with the range that it may be set to."""
    value: int = field(default=default, metadata={"least": least, "most": most})
    return value


_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """Every bound, its unit last in its name: ``_s`` seconds, ``_ms`` milliseconds, else a count."""

    request_bytes: int = _limit(262_144, 1_024, 4_194_304)
    """A larger request is refused before it is read."""
    basket_lines: int = _limit(200, 1, 200)
    queue_length: int = _limit(1_024, 1, 65_536)
    """Commands that may wait for the writer; the next one is told to come back."""
    group_count: int = _limit(64, 1, 1_024)
    """Commands that one transaction decides at most."""
    group_wait_ms: int = _limit(1, 0, 100)
    """How long a group waits for company, where some is there already; who is alone never waits."""
    in_flight: int = _limit(2_048, 1, 65_536)
    """Calls that may be worked on at one time, reads included; the next one is told to come back."""
    open_calls: int = _limit(16_384, 1, 1_000_000)
    """Calls that may be open at one time at all, such as those of clients that do not send or read."""
    connections: int = _limit(8_192, 1, 1_000_000)
    """Further ones are closed; each takes a file handle of the process."""
    connection_calls: int = _limit(256, 1, 65_536)
    """Calls that one connection may have open at one time; a client waits with further ones."""
    connection_age_s: int = _limit(1_800, 1, _DAY_S)
    """When a connection is asked to end and to be made anew, which loses no call."""
    connection_idle_s: int = _limit(900, 1, _DAY_S)
    keepalive_s: int = _limit(60, 1, _DAY_S)
    """After so long without a sign of life a client is asked for one."""
    keepalive_wait_s: int = _limit(20, 1, 3_600)
    """How long it may take to give it."""
    message_wait_ms: int = _limit(10_000, 10, 120_000)
    """How long a client that opens a call may take to send its message, while many do so."""
    terminal_calls_per_s: int = _limit(50, 0, 1_000_000)
    """Of one terminal, at one gateway process, for questions and for sales each; 0: no limit."""
    terminal_burst_calls: int = _limit(500, 1, 1_000_000)
    """What a terminal may ask at once before that."""
    address_failures_per_s: int = _limit(20, 0, 1_000_000)
    """Calls of one address that fail to say who they are; 0: no limit."""
    address_burst_failures: int = _limit(200, 1, 1_000_000)
    page_size: int = _limit(100, 1, 100)
    deadline_ms: int = _limit(30_000, 100, 120_000)
    """The longest that one call may take, whatever its client allows."""
    retry_ms: int = _limit(200, 1, 60_000)
    """How long a client is asked to stay away when the queue is full."""
    hold_s: int = _limit(600, 1, _DAY_S)
    late_confirm_s: int = _limit(_DAY_S, 60, 7 * _DAY_S)
    """How long after its end a hold may still be confirmed."""
    duplicate_window_s: int = _limit(600, 0, _DAY_S)
    midnight_grace_s: int = _limit(900, 0, 7_200)
    """How long after midnight a sale may still be of the day before."""
    late_claim_days: int = _limit(365, 0, 3_650)
    """How old a service may be that is claimed late, with a reason."""
    stay_days: int = _limit(400, 1, 3_650)
    """How long before its bill a stay may have begun."""
    quote_s: int = _limit(900, 10, _DAY_S)
    binding_s: int = _limit(7_200, 60, _DAY_S)
    """How long what a check has said of cover, rules and catalogue binds, within its day."""
    credential_s: int = _limit(300, 1, 3_600)
    """Life of a credential of the demo issuer."""
    enrol_code_s: int = _limit(_DAY_S, 60, 30 * _DAY_S)
    key_days: int = _limit(365, 1, 3_650)
    """Life of a terminal's key."""
    key_overlap_s: int = _limit(7 * _DAY_S, 0, 90 * _DAY_S)
    """How long the old key stays valid after a rotation."""
    answering_key_s: int = _limit(_DAY_S, 600, 30 * _DAY_S)
    """Life of the certificate of this process's answering key; renewed at half of it."""
    sweep_interval_ms: int = _limit(5_000, 10, 600_000)
    sweep_batch: int = _limit(200, 1, 10_000)
    chain_interval_ms: int = _limit(500, 10, 600_000)
    """How often new entries are covered by a block of the chain."""
    chain_batch: int = _limit(1_000, 1, 4_096)
    variance_fen: int = _limit(10_000, 0, 100_000_000)
    """What one operator may pay of a sale that funds and accounts do not bear; above it takes two."""
    authority_wait_ms: int = _limit(30_000, 100, 600_000)
    """How long a remote authority may take over one call before its answer counts as not known."""
    authority_calls: int = _limit(64, 1, 65_536)
    """Sales that may be with remote authorities at one time; the next one is told to come back."""
    errand_interval_ms: int = _limit(1_000, 10, 600_000)
    """How often it is looked for what a remote authority is to be asked again."""
    errand_pause_most_s: int = _limit(300, 1, 3_600)
    """The longest pause before it is asked again of a sale."""
    drain_ms: int = _limit(20_000, 0, 300_000)
    """How long a stop waits for what is under way."""
    store_busy_ms: int = _limit(5_000, 0, 60_000)
    """How long the writer waits for another process that holds the database."""
    import_bytes: int = _limit(268_435_456, 1_024, 4_294_967_296)
    """The largest file that an import reads."""
    import_rows: int = _limit(5_000_000, 1, 100_000_000)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, one field a section of the file."""

    gateway: GatewaySection = field(default_factory=GatewaySection)
    listen: ListenSection = field(default_factory=ListenSection)
    storage: StorageSection = field(default_factory=StorageSection)
    keys: KeysSection = field(default_factory=KeysSection)
    policy: PolicySection = field(default_factory=PolicySection)
    credentials: CredentialsSection = field(default_factory=CredentialsSection)
    log: LogSection = field(default_factory=LogSection)
    limits: LimitsSection = field(default_factory=LimitsSection)

    @classmethod
    def of(cls, data: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Self:
        """Returns the configuration of a parsed file and the environment above it.

        Paths that are not absolute start at ``folder``. Raises ConfigError for the first fault.
        """
        config = read(cls, data, environment, folder)
        _agree(config)
        return config


def _agree(config: Config) -> None:
    """What no single value shows. Raises ConfigError."""
    if not _ID.fullmatch(config.gateway.id):
        raise ConfigError(
            f"gateway.id 只能由小写字母、数字、点和短横组成,最长63个字符,而不是 {config.gateway.id!r}。",
            "gateway.id must be lower-case letters, digits, dots and dashes, up to 63 characters, "
            f"not {config.gateway.id!r}.",
        )
    for region in config.gateway.regions:
        if not _REGION.fullmatch(region):
            raise ConfigError(
                f"gateway.regions 中的 {region!r} 应是六位统筹区代码。",
                f"{region!r} in gateway.regions must be a pooling region code of six digits.",
            )
    _listen_agrees(config.listen)
    credentials_agree(config.credentials)


def _listen_agrees(listen: ListenSection) -> None:
    match = _ADDRESS.fullmatch(listen.address)
    if match is None or int(match["port"]) > _LARGEST_PORT:
        raise ConfigError(
            f"listen.address 应是 主机:端口,例如 127.0.0.1:50051,而不是 {listen.address!r}。",
            f"listen.address must be host:port, such as 127.0.0.1:50051, not {listen.address!r}.",
        )
    if (listen.tls_certificate is None) != (listen.tls_key is None):
        raise ConfigError(
            "listen.tls_certificate 与 listen.tls_key 必须同时设置。",
            "listen.tls_certificate and listen.tls_key must be set together.",
        )
    if listen.tls_client_ca is not None and listen.tls_certificate is None:
        raise ConfigError(
            "设置 listen.tls_client_ca 时必须同时设置 listen.tls_certificate。",
            "listen.tls_client_ca needs listen.tls_certificate.",
        )
    if listen.front == "fast" and listen.tls_certificate is not None:
        raise ConfigError(
            'listen.front = "fast" 不支持 TLS:请使用 aio,或在它前面放置终止 TLS 的代理并去掉证书设置。',
            'listen.front = "fast" speaks no TLS: use aio, or end TLS at a proxy before it and take the '
            "certificate out.",
        )
    protected = listen.tls_certificate is not None or listen.allow_plaintext_beyond_loopback
    if listen.beyond_loopback and not protected:
        raise ConfigError(
            f"listen.address {listen.address} 可从其他机器访问,必须设置 TLS 证书,"
            "或明确设置 listen.allow_plaintext_beyond_loopback = true。",
            f"listen.address {listen.address} can be reached from other machines: set a TLS certificate, "
            "or say listen.allow_plaintext_beyond_loopback = true.",
        )
