"""Registered prescriptions of the model store: what is dispensed is what the sales that stand draw."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.prescriptions import (
    Draw,
    PrescriptionFacts,
    RegisteredPrescription,
    ReviewRecord,
    WithdrawalRecord,
)

Number = tuple[str, str]


@dataclass
class Prescriptions:
    """``draws``: by sale, in the order in which the sales drew."""

    registered: dict[Number, RegisteredPrescription] = field(default_factory=dict)
    reviews: dict[Number, tuple[ReviewRecord, ...]] = field(default_factory=dict)
    withdrawals: dict[Number, WithdrawalRecord] = field(default_factory=dict)
    draws: dict[str, tuple[Draw, ...]] = field(default_factory=dict)

    def __copy__(self) -> "Prescriptions":
        return Prescriptions(
            dict(self.registered), dict(self.reviews), dict(self.withdrawals), dict(self.draws)
        )

    def load(self, key: keys.PrescriptionKey) -> PrescriptionFacts | None:
        number = (key.institution, key.number)
        prescription = self.registered.get(number)
        if prescription is None:
            return None
        drawn_e4 = {drug.item_code: 0 for drug in prescription.drugs}
        sales: dict[str, None] = {}
        for request_id, draw in self._of(number):
            drawn_e4[draw.item_code] += draw.quantity_e4
            sales[request_id] = None
        return PrescriptionFacts(
            prescription, self.reviews.get(number, ()), self.withdrawals.get(number), drawn_e4, tuple(sales)
        )

    def open(self, key: keys.OpenPrescriptionsKey) -> tuple[PrescriptionFacts, ...]:
        found = [self.load(keys.PrescriptionKey(*number)) for number in self.registered]
        theirs = [each for each in found if each is not None and each.prescription.member == key.member]
        theirs.sort(key=lambda each: (
            each.prescription.registered_at, each.prescription.institution, each.prescription.number
        ))
        return tuple(each for each in theirs if _is_open(each, key))[: key.limit]

    def keep(self, move: moves.KeepPrescription) -> None:
        number = (move.prescription.institution, move.prescription.number)
        assert number not in self.registered
        self.registered[number] = move.prescription

    def keep_review(self, move: moves.KeepReview) -> None:
        number = (move.institution, move.number)
        assert number in self.registered
        self.reviews[number] = (*self.reviews.get(number, ()), move.review)

    def keep_withdrawal(self, move: moves.KeepWithdrawal) -> None:
        number = (move.institution, move.number)
        assert number in self.registered
        assert number not in self.withdrawals
        self.withdrawals[number] = move.withdrawal

    def draw(self, move: moves.DrawPrescriptions) -> None:
        assert move.request_id not in self.draws
        for draw in move.draws:
            facts = self.load(keys.PrescriptionKey(draw.institution, draw.number))
            assert facts is not None
            drug = facts.prescription.drug(draw.item_code)
            assert drug is not None
            drawn_e4 = facts.drawn_e4[draw.item_code] + draw.quantity_e4
            assert drawn_e4 <= facts.prescription.allowed_e4(drug)
        self.draws[move.request_id] = move.draws

    def give_back(self, move: moves.GiveBackPrescriptions) -> None:
        assert self.draws.pop(move.request_id) == move.draws

    def _of(self, number: Number) -> Iterator[tuple[str, Draw]]:
        for request_id, draws in self.draws.items():
            for draw in draws:
                if draw[:2] == number:
                    yield request_id, draw


def _is_open(facts: PrescriptionFacts, key: keys.OpenPrescriptionsKey) -> bool:
    prescription = facts.prescription
    left = any(facts.left_e4(drug.item_code) for drug in prescription.drugs)
    meant = key.number in {"", prescription.number} and key.institution in {"", prescription.institution}
    valid = prescription.issued_on <= key.on <= prescription.valid_to
    return left and facts.withdrawal is None and valid and meant
