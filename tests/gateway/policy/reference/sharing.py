"""A basket of several benefits: which line goes where, and one settlement after another."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from msgspec import structs

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Dispensed, Line, LineKind
from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.reference.books import Books
from tests.gateway.policy.reference.dividing import divided_lines, quantity_of
from tests.gateway.policy.reference.entering import enter
from tests.gateway.policy.reference.figures import Declined, Plain, facts_of, matches, one
from tests.gateway.policy.reference.settling import Answer, in_force, settled

Share = tuple[Plain, str, tuple[int, ...]]
"""A pack, a benefit, and the lines by their index."""


def shared_out(packs: Sequence[Plain], case: CaseInput, for_account: Plain) -> list[Share]:
    """Who takes which line, in the order of packs and benefits; the pack ``for_account`` has the rest."""
    every = [(pack, id_) for pack in packs for id_ in pack["benefits"]]
    open_to = [offer for offer in every if may_enter(*offer, case)]
    offers = [offer for offer in open_to if is_selective(*offer)]
    offers += [offer for offer in open_to if not is_selective(*offer)]
    rest = (for_account, PERSONAL_ACCOUNT_ONLY)
    lines: dict[tuple[str, str], list[int]] = {}
    for index, line in enumerate(case.lines):
        asked = line.benefit or (None if case.encounter.benefit == "assigned" else case.encounter.benefit)
        taker = next((offer for offer in every if offer[1] == asked), rest)
        if asked is None or (taker is not rest and is_of_other_channel(taker[0], taker[1], line)):
            taker = next((offer for offer in offers if takes(*offer, case, line)), rest)
        lines.setdefault((taker[0]["pack"], taker[1]), []).append(index)
    return [
        (pack, id_, tuple(lines[pack["pack"], id_]))
        for pack, id_ in (*every, rest)
        if (pack["pack"], id_) in lines
    ]


def may_enter(pack: Plain, id_: str, case: CaseInput) -> bool:
    try:
        enter(pack, structs.replace(case, encounter=structs.replace(case.encounter, benefit=id_)))
    except Declined:
        return False
    return in_force(pack, case.service_on)


def is_selective(pack: Plain, id_: str) -> bool:
    """Does the benefit take some lines only?"""
    benefit = pack["benefits"][id_]
    if benefit.get("takes") is not None:
        return True
    filing = (pack.get("eligibility") or {}).get("filing", ())
    return id_ in filing or benefit["cap"].get("per") == "condition"


def is_of_other_channel(pack: Plain, id_: str, line: Line) -> bool:
    """Does no entry of the benefit go by the line's channel?"""
    entries, channel = pack["benefits"][id_].get("takes") or (), str(line.dual_channel).lower()
    said = [entry["dual_channel"] for entry in entries if "dual_channel" in entry]
    wanted = [each if isinstance(each, list) else [each] for each in said]
    shut = [channel not in [str(value).lower() for value in each] for each in wanted]
    return bool(entries) and len(shut) == len(entries) and all(shut)


def takes(pack: Plain, id_: str, case: CaseInput, line: Line) -> bool:
    asked = pack["benefits"][id_].get("takes")
    if asked is None:
        return not is_selective(pack, id_) or line.condition in case.patient.conditions
    price = Fraction(line.amount_fen, 100) / quantity_of(line)
    if line.unit_price_micro is not None:
        price = Fraction(line.unit_price_micro, 10**6)
    facts = {
        **facts_of(pack, case),
        "kind": one(line.kind.value),
        "class": one(line.catalogue_class.value),
        "ward": frozenset[str]() if line.ward is None else one(line.ward.value),
        "dual_channel": one(str(line.dual_channel).lower()),
        "condition": frozenset[str]() if line.condition is None else one(line.condition),
    }
    return any(matches(entry, facts, price) for entry in asked)


def settled_in_turn(shares: Sequence[Share], case: CaseInput) -> list[Answer]:
    """One answer a share, each with what the ones before left; of a refusal, that alone."""
    answers = []
    for pack, id_, indexes in shares:
        own = structs.replace(
            case,
            encounter=structs.replace(case.encounter, benefit=id_),
            lines=tuple(case.lines[index] for index in indexes),
        )
        found = settled(pack, own)
        if found.refused is not None:
            return [found]
        answers.append(found)
        used = dict(case.counters)
        for key, delta_fen in found.deltas.items():
            used[key] = used.get(key, 0) + delta_fen
        paid = dict(found.accounts)
        left = tuple(
            replace(each, balance_fen=each.balance_fen - paid[each.account]) for each in case.accounts
        )
        drugs = (*case.dispensed, *handed_out(pack, id_, own))
        case = structs.replace(case, counters=used, accounts=left, dispensed=drugs)
    return answers


def handed_out(pack: Plain, id_: str, case: CaseInput) -> list[Dispensed]:
    """The drugs that later settlements count."""
    benefit = pack["benefits"].get(id_)
    if benefit is None:
        return []
    books = Books({})
    packs = [pack] * len(case.lines)
    divided = divided_lines(packs, pack, case, benefit, books)
    return [
        Dispensed(line.name, line.service_on or case.service_on, line.days_supply, line.condition, id_)
        for line, parts in zip(case.lines, divided, strict=True)
        if line.kind is LineKind.DRUG
        and not parts.excluded
        and ("five_fixed" in benefit or line.condition is not None or line.days_supply is not None)
    ]
