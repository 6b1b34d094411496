"""The composition root: a configuration becomes a running gateway, and ends again without losing anything.

Whoever imports it, the command or a program of the operator's, speaks TLS 1.3 alone from then on.
"""

import os
from typing import Final

CIPHER_SUITES: Final = "GRPC_SSL_CIPHER_SUITES"
ONLY_TLS_1_3: Final = "ECDHE-PSK-AES128-CBC-SHA"
"""gRPC has no setting for the least version of TLS. When it is loaded, it reads the suites of TLS 1.2 from
there; this one needs a secret shared beforehand, which no client has: what is left is TLS 1.3."""

os.environ.setdefault(CIPHER_SUITES, ONLY_TLS_1_3)
