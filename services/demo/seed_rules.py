"""Writes the demonstration's règlement: what is in force, what comes next September, a draft, and what the
service states of some families."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from adapters import rulebook_files, rulebook_writer
from domain.calendar import ONE_DAY
from domain.rulebook import rulebook
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tree import Faults, Tree, planted
from models import RulebookVersion, RuleFact
from services import rulebooks
from services.demo.seed_people import Family

TEXT = Path(__file__).parent / "reglement.yaml"
MEALS = ("activites", "restaurant_scolaire")
WORKS_HERE = "travaille_dans_la_commune"
AUTHOR = "Alain PRADEL"
# Next September every meal above one euro costs ten cents more.
_RAISE, _SPARED = Decimal("0.10"), Decimal(1)
# The draft tries one limit for every day: the school day before, 10 h.
_DRAFT_LIMIT: Tree = [
    {
        "actions": ["reserver", "annuler"],
        "canaux": "tous",
        "etapes": [
            {
                "jusqu_a": {
                    "forme": "jours_avant",
                    "jours": "1",
                    "compte": {"base": "ecole", "sans_feries": "oui", "sans_vacances": "oui"},
                    "francs": "non",
                    "heure": "10:00",
                    "limite": "exclue",
                },
                "effet": "libre",
            }
        ],
        "ensuite": "refus",
    }
]


def write_rulebooks(session: Session, now: datetime, first_day: date, next_september: date) -> Rulebook:
    """Write the three texts; returns the règlement in force from `first_day`."""
    current = rulebooks.check(TEXT.read_text(encoding="utf-8"))
    prices = (*MEALS, "tarif", "prix")
    raised = _raised(current.tree["activites"]["restaurant_scolaire"]["tarif"]["prix"])
    coming = rulebooks.check(rulebook_writer.replaced(current.text, prices, raised))
    draft = rulebooks.check(rulebook_writer.replaced(coming.text, (*MEALS, "delais"), _DRAFT_LIMIT))
    stamp = {"author_name": AUTHOR, "updated_at": now}
    session.add_all(
        (
            RulebookVersion(
                valid_from=first_day, valid_to=next_september - ONE_DAY, **current.columns(), **stamp
            ),
            RulebookVersion(valid_from=next_september, **coming.columns(), **stamp),
            RulebookVersion(is_draft=True, **draft.columns(), **stamp),
        )
    )
    session.flush()
    return rulebook.read(planted(current.tree), rulebook_files, Faults())


def _raised(price: Tree) -> Tree:
    """The same table of prices, a little dearer."""
    table = price["table"]
    lines = [line | {"valeur": _dearer(Decimal(line["valeur"]))} for line in table["lignes"]]
    return {"table": table | {"lignes": lines}}


def _dearer(euros: Decimal) -> str:
    return f"{euros + _RAISE if euros > _SPARED else euros:.2f}"


def write_facts(session: Session, households: list[Family], first_day: date) -> None:
    """What the règlement asks of families from elsewhere: one of them works in the town."""
    from_elsewhere = [family for family in households if not family.spec.resident]
    works_here = next(filter(_spends_wednesdays_in_labastide, from_elsewhere), from_elsewhere[0])
    session.add_all(
        RuleFact(
            household_id=family.household.id,
            name=WORKS_HERE,
            value="oui" if family is works_here else "non",
            valid_from=first_day,
        )
        for family in from_elsewhere
    )
    session.flush()


def _spends_wednesdays_in_labastide(family: Family) -> bool:
    return any(child.takes_wednesday and child.leisure_centre == 2 for child in family.spec.children)
