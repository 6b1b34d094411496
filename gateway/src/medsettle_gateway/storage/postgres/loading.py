"""Facts out of the database: one loader for each kind of key, one statement for all keys of a kind."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.storage.key_ring import KeyAwaitedError
from medsettle_gateway.storage.postgres import (
    loading_people,
    loading_places,
    loading_sales,
    prescriptions,
    recovery,
    tracing,
)
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.reading import Reading
from medsettle_gateway.storage.sealing import Sealer


async def load(connection: Connection, sealer: Sealer, wanted: Sequence[AnyKey]) -> Facts:
    """Returns the facts of the keys. Raises asyncpg's errors and OSError.

    Of one point in time only where the transaction sees one. A value of a key that is not known yet is read
    again once the keys were looked for: the event loop does not wait for that.
    """
    try:
        return await _load(connection, sealer, wanted)
    except KeyAwaitedError:
        await sealer.renewed()
    return await _load(connection, sealer, wanted)


async def _load(connection: Connection, sealer: Sealer, wanted: Sequence[AnyKey]) -> Facts:
    reading = Reading(connection, sealer)
    asked: defaultdict[type[AnyKey], dict[AnyKey, None]] = defaultdict(dict)
    for key in wanted:
        asked[type(key)][key] = None
    known: dict[AnyKey, Any] = {}
    for kind, of_kind in asked.items():
        known.update(await _LOADERS[kind](reading, tuple(of_kind)))
    return Facts(known)


Loader = Callable[[Reading, Sequence[Any]], Awaitable[Mapping[Any, Any]]]

_LOADERS: Final[Mapping[type[AnyKey], Loader]] = {
    keys.SaleKey: loading_sales.sales,
    keys.ErrandKey: loading_sales.errands,
    keys.TicketKey: loading_sales.tickets,
    keys.RecentSalesKey: loading_sales.recent_sales,
    keys.LaterSalesKey: loading_sales.later_sales,
    keys.SettledSinceKey: loading_sales.settled_since,
    keys.PastSalesKey: loading_sales.past_sales,
    keys.DueHoldsKey: loading_sales.due_holds,
    keys.StayEndKey: loading_sales.stay_ends,
    keys.TerminalKey: loading_places.terminals,
    keys.KeyRecordKey: loading_places.key_records,
    keys.TerminalKeysKey: loading_places.terminal_keys,
    keys.InstitutionKey: loading_places.institutions,
    keys.MemberKey: loading_people.members,
    keys.RecordsKey: loading_people.records,
    keys.MaskedNameKey: loading_people.masked_names,
    keys.CountersKey: loading_people.counters,
    keys.DispensedKey: loading_people.dispensed,
    keys.PrescriptionKey: prescriptions.prescriptions,
    keys.OpenPrescriptionsKey: prescriptions.open_prescriptions,
    keys.OrdersKey: loading_places.orders,
    keys.CatalogueKey: loading_places.catalogues,
    keys.TraceCodesKey: tracing.codes,
    keys.CredentialUseKey: loading_people.credential_uses,
    keys.EnrolCodeKey: loading_places.enrol_codes,
    keys.NonceKey: loading_places.nonces,
    keys.RecoveryKey: recovery.recoveries,
    keys.AwaitedKey: recovery.awaited,
}
