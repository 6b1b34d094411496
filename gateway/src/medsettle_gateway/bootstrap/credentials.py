"""Who says whose a credential is, put together from the configuration: services, cards, the demo issuer."""

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from medsettle_gateway.bootstrap.members import Members
from medsettle_gateway.config import Config, ConfigError, CredentialService
from medsettle_gateway.files.keys import Keys
from medsettle_gateway.files.private import read_private
from medsettle_gateway.resolvers.cards import Cards
from medsettle_gateway.resolvers.demo import KIND, DemoResolver, NoResolver
from medsettle_gateway.resolvers.routing import Routed
from medsettle_gateway.rpc.verifying import best_verifier_of
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.ports import Clock, CredentialResolver
from medsettle_gateway.service.resolving import Bounded

if TYPE_CHECKING:
    from medsettle_gateway.resolvers.codes import Memory
    from medsettle_gateway.resolvers.transport import Envelope

_DEMO_PREFIX: Final = "MSD1."
_KEY_BYTES: Final = 32
_SECRET_CHARS: Final = 4_096

Close = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a resolver may take, by which clock, and who waits for it."""

    clock: Clock
    patience: Patience
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Resolving:
    """The resolver of a gateway, and what is to be closed with it."""

    resolver: CredentialResolver
    closing: tuple[Close, ...] = field(default=())

    async def close(self) -> None:
        """Closes the connections to credential services."""
        for close in self.closing:
            await close()


def resolving(
    config: Config, keys: Keys, regions: frozenset[str], waits: Waits,
    envelopes: "Mapping[str, Envelope] | None" = None,
) -> Resolving:
    """Returns who says whose a credential is, as the configuration has it; else a demo's issuer, or nobody.

    ``envelopes``: what requests to a service are wrapped in, by the code type of the service. Raises
    ConfigError where a key, a certificate or a secret is missing, or an envelope is no service's.
    """
    section = config.credentials
    _each_has_a_service(envelopes or {}, section.services)
    demo = _demo(config, keys, regions) if config.gateway.demo else None
    if section.kinds == (KIND,) and not section.services:
        return Resolving(demo or NoResolver())
    id_key, members = _derived(keys.quotes), Members(config)
    codes: dict[str, CredentialResolver] = {}
    prefixes: list[tuple[str, CredentialResolver]] = []
    closing: list[Close] = [members.close]
    if section.services:
        from medsettle_gateway.resolvers.codes import Memory  # noqa: PLC0415 - httpx loads only where it is used

        memory = Memory(os.urandom(_KEY_BYTES), section.remembered)
        for service in section.services:
            made, close = _service(service, (members, regions, memory, id_key), waits, envelopes or {})
            codes[service.code_type] = made
            closing.append(close)
            if service.prefix:
                prefixes.append((service.prefix, made))
    if demo is not None:
        prefixes.append((_DEMO_PREFIX, demo))
        codes.setdefault("", demo)
    cards = Bounded(Cards(members, id_key), waits.patience, waits.longest)
    return Resolving(Routed(section.kinds, codes, tuple(prefixes), cards), tuple(closing))


def _each_has_a_service(envelopes: "Mapping[str, Envelope]", services: tuple[CredentialService, ...]) -> None:
    """Else what was to be wrapped would go without. Raises ConfigError."""
    for code_type in envelopes:
        if all(code_type != service.code_type for service in services):
            raise ConfigError(
                f"为 code_type {code_type!r} 传入了信封,但 credentials.services 中没有这样的服务。",
                f"An envelope was handed in for the code_type {code_type!r}, of which there is none in "
                "credentials.services.",
            )


def _service(
    service: CredentialService, parts: "tuple[Members, frozenset[str], Memory, bytes]", waits: Waits,
    envelopes: "Mapping[str, Envelope]",
) -> tuple[CredentialResolver, Close]:
    from medsettle_gateway.resolvers.codes import CodeService  # noqa: PLC0415 - loaded where it is used
    from medsettle_gateway.resolvers.ec_query import Place  # noqa: PLC0415
    from medsettle_gateway.resolvers.transport import (  # noqa: PLC0415
        Enveloped,
        HttpTransport,
        Repeating,
        Transport,
    )

    members, regions, memory, id_key = parts
    transport: Transport = HttpTransport(
        service.url, timeout_s=service.timeout_ms / 1000, connections=service.connections,
        headers=_secret_of(service), verify=_verifying(service),
    )
    envelope = envelopes.get(service.code_type)
    if envelope is not None:
        transport = Enveloped(transport, envelope)
    transport = Repeating(transport, service.attempts, waits.clock)
    place = Place(service.org_id, service.office_id, service.office_name, service.device_type)
    made = CodeService(
        str(service), transport, members, place, regions, memory, id_key, timedelta(seconds=service.life_s)
    )
    return Bounded(made, waits.patience, waits.longest), transport.close


def _secret_of(service: CredentialService) -> dict[str, str]:
    """The header by which the service knows us; none where it wants none."""
    if service.secret_file is not None:
        where: str | Path = service.secret_file
        secret = read_private(service.secret_file).decode("utf-8", "replace").strip()
    elif service.secret_variable:
        where, secret = service.secret_variable, os.environ.get(service.secret_variable, "").strip()
    else:
        return {}
    if not 0 < len(secret) <= _SECRET_CHARS or not secret.isascii() or not secret.isprintable():
        raise ConfigError(
            f"凭证服务的密钥 {where} 为空,或含有不能放入 HTTP 首部的字符。",
            f"The secret of the credential service in {where} is empty, or has characters that no header "
            "takes.",
        )
    return {service.secret_header: secret}


def _verifying(service: CredentialService) -> object:
    if service.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(service.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"无法读取证书文件 {service.ca_file}。", f"Cannot read the certificates of {service.ca_file}."
        ) from error


def _demo(config: Config, keys: Keys, regions: frozenset[str]) -> DemoResolver:
    if keys.issuer is None:
        raise ConfigError(
            f"{config.keys.directory} 中没有演示签发密钥:这个网关不是按演示网关建立的。"
            "请另建一个:medsettle-gateway demo-city 新目录。",
            f"There is no demo issuer's key in {config.keys.directory}: this gateway was not made as a demo. "
            "Make another that is: medsettle-gateway demo-city NEW-DIR.",
        )
    return DemoResolver(best_verifier_of()(keys.issuer.public_key), regions)


def _derived(secret: bytes) -> bytes:
    """A key of its own from the one that every process of the operator has."""
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"medsettle credentials").derive(secret)
