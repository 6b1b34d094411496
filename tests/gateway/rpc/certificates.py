"""A certificate authority for tests of TLS."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOUR = timedelta(hours=1)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


@dataclass(frozen=True)
class Authority:
    """Signs certificates; ``pem`` is its own."""

    key: ec.EllipticCurvePrivateKey
    pem: bytes

    @classmethod
    def make(cls) -> Self:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _begun("test authority", "test authority", key, -HOUR, HOUR).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        ).sign(key, hashes.SHA256())
        return cls(key, certificate.public_bytes(serialization.Encoding.PEM))

    def issued(
        self, folder: Path, host: str, name: str = "host", *, begins: timedelta = -HOUR,
        ends: timedelta = HOUR,
    ) -> tuple[Path, Path]:
        """Writes a certificate for a host name or an address, and its key; returns where.

        ``begins`` and ``ends`` count from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _begun(host, "test authority", key, begins, ends).add_extension(
            x509.SubjectAlternativeName([_alternative(host)]), critical=False
        ).sign(self.key, hashes.SHA256())
        at = folder / f"{name}.pem", folder / f"{name}-key.pem"
        at[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        at[1].write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))
        return at

    def kept(self, folder: Path, name: str = "ca") -> Path:
        """Writes the authority's own certificate; returns where."""
        at = folder / f"{name}.pem"
        at.write_bytes(self.pem)
        return at


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
