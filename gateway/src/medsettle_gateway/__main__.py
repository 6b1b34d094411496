"""``python -m medsettle_gateway`` and the command ``medsettle-gateway``."""

import os
from typing import Final

from medsettle_gateway.cli.top import top

CIPHER_SUITES: Final = "GRPC_SSL_CIPHER_SUITES"
ONLY_TLS_1_3: Final = "ECDHE-PSK-AES128-CBC-SHA"
"""gRPC has no setting for the least version of TLS. When it is loaded, it reads the suites of TLS 1.2 from
there; this one needs a secret shared beforehand, which no client has: what is left is TLS 1.3."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    # gRPC's own lines would stand before our sentence; who looks for a fault below us sets the variable
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault(CIPHER_SUITES, ONLY_TLS_1_3)
    top(prog_name="medsettle-gateway")


if __name__ == "__main__":
    main()
