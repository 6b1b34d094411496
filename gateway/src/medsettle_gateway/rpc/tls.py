"""TLS of the front: what it shows, whom it believes, and new files of both while it serves.

That it speaks TLS 1.3 alone is said where the process begins, before gRPC is loaded (``__main__``).
"""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import grpc

from medsettle_gateway.config import ListenSection

Failed = Callable[[str, BaseException], None]
"""Hears what kept new files from being used."""


class TlsFileError(OSError):
    """A file of TLS cannot be used. Both sentences name it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


def server_credentials(listen: ListenSection, failed: Failed) -> grpc.ServerCredentials | None:
    """Returns what a server shows and asks for; None for plaintext.

    Files that change are read again for the next connection; while they cannot be used, the last ones serve.
    Raises TlsFileError.
    """
    if listen.tls_certificate is None or listen.tls_key is None:
        return None
    files = _Files(listen.tls_certificate, listen.tls_key, listen.tls_client_ca, failed)
    return grpc.dynamic_ssl_server_credentials(
        files.read(),
        files.renewed,  # type: ignore[arg-type] # None, to go on as before, is documented and not typed
        require_client_authentication=listen.tls_client_ca is not None
    )


class _Files:
    """The files of a listening socket. gRPC asks for new ones from threads of its own."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None, failed: Failed) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._failed = failed
        self._lock = threading.Lock()
        self._seen = self._stamps()

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Returns what the files hold. Raises TlsFileError."""
        _check(self._certificate, self._key, self._client_ca)
        pair = (self._key.read_bytes(), self._certificate.read_bytes())
        client_ca = None if self._client_ca is None else self._client_ca.read_bytes()
        return grpc.ssl_server_certificate_configuration([pair], client_ca)

    def renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Returns what the files hold if they have changed; None to go on as before."""
        with self._lock:
            stamps = self._stamps()
            if stamps == self._seen:
                return None
            self._seen = stamps
        try:
            return self.read()
        except OSError as error:
            self._failed("tls", error)
            return None

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(path) for path in (self._certificate, self._key, self._client_ca))


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """What changes with a file; None if it is not there, as in the middle of its replacement."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)


def _check(certificate: Path, key: Path, client_ca: Path | None) -> None:
    """Looks before gRPC does, which would only say that it cannot listen. Raises TlsFileError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = f"listen.tls_certificate {certificate} / listen.tls_key {key}"
    try:
        # without a passphrase: a prompt for one would keep the gateway from starting
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise TlsFileError(
            f"{names} 无法使用:应为 PEM 格式的证书链及与之匹配、未加密的私钥。",
            f"{names} cannot be used: they must be a certificate chain in PEM and its key, not encrypted.",
        ) from error
    if client_ca is None:
        return
    try:
        context.load_verify_locations(client_ca)
    except (OSError, ValueError) as error:
        raise TlsFileError(
            f"listen.tls_client_ca {client_ca} 无法使用:应为 PEM 格式的证书。",
            f"listen.tls_client_ca {client_ca} cannot be used: it must hold certificates in PEM.",
        ) from error
