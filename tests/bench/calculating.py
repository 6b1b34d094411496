"""The calculation alone: a basket of eight lines under Anshan's rules."""

import time
from collections.abc import Iterator
from datetime import date

from medsettle_gateway.domain.basket import CatalogueClass, Encounter, Line, LineKind
from medsettle_gateway.domain.member import Account, Owner, Patient, Scheme, Standing
from medsettle_gateway.domain.place import Designation, Institution, InstitutionKind, Level
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy.engine import CaseInput, calculate
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from tests.bench.rows import ROUNDS, Row, median

CALCULATIONS = 4_000
PACK = "anshan-employee-outpatient"

EIGHT_LINES = CaseInput(
    service_on=date(2026, 7, 2),
    patient=Patient(Scheme.EMPLOYEE, Standing.ACTIVE),
    institution=Institution(
        InstitutionKind.CLINIC,
        Level.PRIMARY,
        designations=(Designation.BASIC, Designation.POOLED_OUTPATIENT),
    ),
    encounter=Encounter("general_outpatient"),
    lines=(
        Line("血常规", LineKind.TEST, CatalogueClass.A, 2000),
        Line("胸部CT平扫", LineKind.TEST, CatalogueClass.A, 18000),
        Line("静脉输液", LineKind.TREATMENT, CatalogueClass.A, 1500),
        Line("氯雷他定片", LineKind.DRUG, CatalogueClass.A, 2560, 12_800_000, 20_000),
        Line("阿莫西林胶囊", LineKind.DRUG, CatalogueClass.A, 1990),
        Line("阿卡波糖片", LineKind.DRUG, CatalogueClass.B, 4310, self_pay_share_ppm=100_000),
        Line("甘精胰岛素注射液", LineKind.DRUG, CatalogueClass.B, 7300, ceiling_micro=71_255_000),
        Line("进口润喉喷雾", LineKind.DRUG, CatalogueClass.C, 3900),
    ),
    accounts=(Account("A1", Owner.SELF, 10_000),),
)


def measure() -> Iterator[Row]:
    """Yields calculations a second without and with the trace."""
    [source] = [source for source in shipped_packs() if source.data["pack"] == PACK]
    pack = load_pack(source)
    rounds = [(rate(pack, trace=False), rate(pack, trace=True)) for _ in range(ROUNDS)]
    plain = median(without for without, _ in rounds)
    yield Row("eight lines, amounts only", plain)
    yield Row("eight lines with the trace", median(traced for _, traced in rounds), plain)


def rate(pack: Pack, *, trace: bool) -> float:
    """Returns calculations a second."""
    started = time.perf_counter()
    for _ in range(CALCULATIONS):
        calculate(pack, EIGHT_LINES, trace=trace)
    return CALCULATIONS / (time.perf_counter() - started)
