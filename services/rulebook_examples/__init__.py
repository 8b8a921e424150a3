"""Règlements of real communes, ready to be taken as a start (R15): a town writes no file to have its own.

Each file beside this module is a whole règlement. `draft` gives activities of the portal the rules of
activities of the examples, in a copy of the newest version, and leaves the rest of it as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import ActivityKind
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.rulebook.examples import merged, with_activity
from domain.rulebook.tree import Tree
from extensions import db
from models import Activity, PresenceType, RulebookVersion
from services import rulebooks
from services.accounts import Author

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """A règlement to start from: what it is, in a sentence, and the communes whose rules it writes.

    `activities` gives the kind of each, by its name in the file.
    """

    key: str
    name: str
    sentence: str
    communes: str
    activities: Mapping[str, ActivityKind]


_MEAL = {"cantine": ActivityKind.MEAL}
EXAMPLES = (
    Example(
        "prix-unique",
        "Un prix pour tous",
        "Un seul prix du repas, deux jours entiers pour réserver ou annuler, sans dérogation.",
        "La Tessoualle",
        _MEAL,
    ),
    Example(
        "trois-tranches",
        "Trois tranches de quotient",
        "De 0,50 à 3,10\u00a0€ le repas. Limite le vendredi pour lundi et mardi, le mardi pour la suite.",
        "Mametz, Le Crès",
        _MEAL,
    ),
    Example(
        "taux-sur-quotient",
        "Un taux sur le quotient",
        "0,36\u00a0% du quotient par repas, entre 2,60 et 4,50\u00a0€, huit jours avant.",
        "Fay-aux-Loges, Le Crès",
        _MEAL,
    ),
    Example(
        "ecole-et-garderies",
        "Repas et garderies d’une ville",
        "Repas en huit tranches avec un prix pour les extérieurs, garderies du matin et du soir en sept "
        "tranches, plafond par mois.",
        "Roncq et Loon-Plage, Mametz, Cruas, Buthiers",
        {
            "garderie_matin": ActivityKind.MORNING,
            "restaurant_scolaire": ActivityKind.MEAL,
            "garderie_soir": ActivityKind.EVENING,
        },
    ),
    Example(
        "centre-a-la-journee",
        "Accueil de loisirs, journée ou demi-journée",
        "Quatorze tranches, moins cher dès trois enfants, plus cher pour les extérieurs, trois jours avant.",
        "Saffré, La Tessoualle",
        {"mercredis": ActivityKind.DAY, "vacances": ActivityKind.DAY},
    ),
    Example(
        "vacances-sur-voeux",
        "Vacances, des vœux puis une attribution",
        "Les familles font des vœux. Habiter ou travailler sur place, puis la fratrie, donnent le rang.",
        "Nanteuil-lès-Meaux, Éragny, Cenon-sur-Vienne, Goncelin",
        {"vacances": ActivityKind.DAY},
    ),
)


def example(key: str) -> Example:
    """Raises NotFound."""
    found = next((one for one in EXAMPLES if one.key == key), None)
    if found is None:
        raise NotFound
    return found


@cache
def tree_of(key: str) -> Mapping[str, Any]:
    """The règlement of an example. Raises NotFound."""
    path = _FOLDER / f"{example(key).key}.yaml"
    return rulebooks.check(path.read_text(encoding="utf-8")).tree


def draft(choices: Mapping[int, tuple[str, str]], *, author: Author, author_name: str, now: datetime) -> None:
    """Write the draft: by id of an activity of the portal, the example and its activity whose rules it takes.

    Raises Refused `nothing_chosen`, `does_not_fit` when the règlement says otherwise elsewhere, NotFound for
    an unknown activity or example.
    """
    if not choices:
        raise Refused("nothing_chosen", "Choisissez un exemple pour une activité au moins.")
    from adapters import rulebook_writer  # the YAML library, only for who writes a règlement

    session = db.session()
    tree = _start(session)
    for key in dict.fromkeys(key for key, _ in choices.values()):
        tree = merged(tree, tree_of(key), _names(session, choices, key))
    for activity_id, (key, name) in choices.items():
        activity = _activity(session, activity_id)
        rules = tree_of(key)["activites"].get(name)
        if rules is None:
            raise NotFound
        tree = with_activity(tree, activity.rule_name, activity.name, rules, _formulas(session, activity_id))
    text = rulebook_writer.to_text(tree)
    session.rollback()
    try:
        rulebooks.save_draft(text, author=author, author_name=author_name, now=now)
    except rulebooks.BadRulebook as bad:
        raise Refused(
            "does_not_fit",
            f"Ces règles ne vont pas avec le reste de votre règlement{NBSP}: commencez un brouillon et "
            f"écrivez-les dans son texte. {bad.faults[0].message}",
        ) from bad


def _start(session: Session) -> dict[str, Tree]:
    """The newest version, else a règlement that says nothing yet."""
    newest = session.scalar(
        select(RulebookVersion.tree)
        .where(RulebookVersion.is_draft.is_(False))
        .order_by(RulebookVersion.valid_from.desc())
        .limit(1)
    )
    return dict(newest) if newest else rulebooks.check(rulebooks.first_text()).tree


def _names(session: Session, choices: Mapping[int, tuple[str, str]], key: str) -> Mapping[str, list[str]]:
    """By activity of an example, the names that the portal's activities have in the règlement."""
    found: dict[str, list[str]] = {}
    for activity_id, (chosen, name) in choices.items():
        if chosen == key:
            found.setdefault(name, []).append(_activity(session, activity_id).rule_name)
    return found


def _activity(session: Session, activity_id: int) -> Activity:
    found = session.get(Activity, activity_id)
    if found is None:
        raise NotFound
    return found


def _formulas(session: Session, activity_id: int) -> Iterable[str]:
    return session.scalars(
        select(PresenceType.rule_name)
        .where(PresenceType.activity_id == activity_id)
        .order_by(PresenceType.position, PresenceType.id)
    ).all()
