"""Facts that were loaded at once, and what follows from them."""

from medsettle_gateway.domain.keys import Facts, InstitutionKey, MaskedNameKey

NAME = MaskedNameKey("m1")


def test_what_follows_from_facts_is_made_once_and_of_more_facts_anew() -> None:
    made: list[str] = []

    def greeting(facts: Facts) -> str:
        def make() -> str:
            made.append(facts.of(NAME))
            return f"{facts.of(NAME)}!"

        return facts.follows("greeting", make)

    facts = Facts({NAME: "张*"})
    assert [greeting(facts), greeting(facts)] == ["张*!", "张*!"]
    assert made == ["张*"]
    more = facts.joined(Facts({NAME: "李*", InstitutionKey("H1"): None}))
    assert greeting(more) == "李*!"
    assert greeting(facts) == "张*!"
    assert made == ["张*", "李*"]
