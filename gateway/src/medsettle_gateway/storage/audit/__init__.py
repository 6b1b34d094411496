"""The books recomputed from their entries, chained, and written out: on either store."""

from medsettle_gateway.storage.audit.summary import FundTotal, OpenSale, Summary, summarise

__all__ = ["FundTotal", "OpenSale", "Summary", "summarise"]
