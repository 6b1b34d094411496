"""What the operator sets: frozen values, every limit with its unit.

The values come from one TOML file; environment variables named
``MEDSETTLE_GATEWAY__SECTION__NAME`` stand above it, and what neither names has its default. A name
that is not known, or a value that does not fit, is a :class:`ConfigError`.
"""

from medsettle_gateway.config.credentials import KINDS, CredentialService, CredentialsSection
from medsettle_gateway.config.database_url import DatabaseUrl
from medsettle_gateway.config.reading import ENVIRONMENT_PREFIX, ConfigError
from medsettle_gateway.config.sections import (
    Config,
    GatewaySection,
    KeysSection,
    LimitsSection,
    ListenSection,
    LogSection,
    PolicySection,
    StorageSection,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "KINDS",
    "Config",
    "ConfigError",
    "CredentialService",
    "CredentialsSection",
    "DatabaseUrl",
    "GatewaySection",
    "KeysSection",
    "LimitsSection",
    "ListenSection",
    "LogSection",
    "PolicySection",
    "StorageSection",
]
