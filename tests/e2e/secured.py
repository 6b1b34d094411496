"""A gateway behind TLS with files of its own, and tills that come to it."""

import io
import json
import socket
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medsettle.cli.run import run
from medsettle.config import TillConfig, read_config
from medsettle.enrolment import Channel, enrol
from medsettle.testing import Gateway
from tests.e2e.counter import CLINIC
from tests.gateway.rpc.certificates import Authority

HOST = "localhost"


@dataclass
class Secured:
    """A gateway that speaks TLS, the authority of its certificate, and a till that was enrolled over it."""

    gateway: Gateway
    folder: Path
    authority: Authority
    config: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"


def files_of(folder: Path, authority: Authority) -> dict[str, str]:
    """Writes a certificate of the gateway; returns the settings that name it."""
    certificate, key = authority.issued(folder, HOST)
    authority.kept(folder)
    return {"listen.tls_certificate": str(certificate), "listen.tls_key": str(key)}


def enrolled(gateway: Gateway, folder: Path, **channel: Any) -> Path:
    """Enrols a till over TLS; returns its configuration."""
    through = Channel(f"{HOST}:{gateway.proxy.port}", ca_file=folder / "ca.pem", **channel)
    return enrol(through, gateway.enrolment_code(CLINIC), f"{CLINIC}-01", folder / "till").config_file


def another(secured: Secured, folder: Path, **changes: Any) -> TillConfig:
    """The same till with a journal of its own."""
    return replace(read_config(secured.config), journal=folder / "till.journal", operator="7", **changes)


def hasty(secured: Secured, folder: Path, **changes: Any) -> TillConfig:
    """The same, that gives up soon: for who gets no answer."""
    return another(secured, folder, deadlines_ms={"GetSale": 400}, **changes)


def doctor(config: Path) -> tuple[int, dict[str, Any]]:
    """What the till's doctor says: its exit code, and each check by its name."""
    output = io.StringIO()
    code = run(["doctor", "--json", "--config", str(config)], output=output)
    return code, {check["name"]: check for check in json.loads(output.getvalue())["checks"]}


def connected(secured: Secured, least: ssl.TLSVersion, most: ssl.TLSVersion) -> tuple[str, bytes]:
    """The version that is spoken with such a client, and the certificate that is shown. Raises SSLError."""
    context = ssl.create_default_context(cafile=str(secured.ca))
    context.minimum_version, context.maximum_version = least, most
    context.set_alpn_protocols(["h2"])
    address = (HOST, secured.gateway.proxy.gateway_port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        return connection.version() or "", connection.getpeercert(binary_form=True) or b""


def spoken(secured: Secured, only: ssl.TLSVersion) -> str:
    """The version that is spoken with a client that knows one alone. Raises SSLError if there is none."""
    return connected(secured, only, only)[0]


def shown_by(secured: Secured) -> bytes:
    """The certificate that the gateway shows to a new connection."""
    return connected(secured, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[1]
