"""The service edits its lists and the authorisations that it asks for (S32, S45, S50).

Files hold the label itself: a label that is renamed is renamed wherever it stands, pending changes included,
in the same transaction. Nothing is deleted: what is not offered any more is hidden.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.enums import ChangeState, ChoiceList
from domain.errors import Refused
from domain.family_file import ADDED_PERSON_FIELD, PERSON_FIELD, person_from_text, person_to_text
from models import (
    AuthorisationType,
    AuthorisedPerson,
    ChangeLine,
    Child,
    Household,
    HouseholdGuardian,
    ListChoice,
)
from services import records
from services.accounts import Author
from services.transaction import write_transaction

# Where the labels of a list stand.
_HOLDERS: dict[ChoiceList, tuple[InstrumentedAttribute[str], ...]] = {
    ChoiceList.FAMILY_SITUATION: (Household.family_situation,),
    ChoiceList.RELATIONSHIP: (HouseholdGuardian.relationship, AuthorisedPerson.relationship),
    ChoiceList.DIET: (Child.diet,),
}
_FIELDS = {ChoiceList.FAMILY_SITUATION: "family_situation", ChoiceList.DIET: "diet"}


@dataclass(frozen=True, slots=True)
class ChoiceData:
    label: str
    position: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class AuthorisationData:
    """`is_safety`: a « non » is shown at the door as soon as it is declared (S52)."""

    name: str
    description: str = ""
    is_per_facility: bool = False
    is_safety: bool = False
    position: int = 0
    is_active: bool = True


def add_choice(kind: ChoiceList, data: ChoiceData, *, author: Author, now: datetime) -> None:
    """Add a label to a list. Raises Refused `name_taken`."""
    with write_transaction() as session:
        records.add(
            session, ListChoice(kind=kind, **asdict(data)), author=author, now=now, taken=_label_taken()
        )


def change_choice(choice_id: int, data: ChoiceData, *, author: Author, now: datetime) -> None:
    """Rename, order or hide a label; who holds it holds the new name.

    Raises NotFound, Refused `name_taken`.
    """
    with write_transaction() as session:
        row = records.get(session, ListChoice, choice_id)
        former = row.label
        records.change(session, row, asdict(data), author=author, now=now, taken=_label_taken())
        if data.label != former:
            for column in _HOLDERS[row.kind]:
                session.execute(update(column.class_).where(column == former).values({column: data.label}))
            _rename_in_changes(session, row.kind, former, data.label)


def save_authorisation_type(
    type_id: int | None, data: AuthorisationData, *, author: Author, now: datetime
) -> None:
    """Add an authorisation to ask for, or change row `type_id`. Raises NotFound, Refused `name_taken`."""
    taken = Refused("name_taken", "Une autre autorisation porte déjà ce nom. Choisissez un autre nom.")
    with write_transaction() as session:
        if type_id is None:
            records.add(session, AuthorisationType(**asdict(data)), author=author, now=now, taken=taken)
        else:
            row = records.get(session, AuthorisationType, type_id)
            records.change(session, row, asdict(data), author=author, now=now, taken=taken)


def _label_taken() -> Refused:
    return Refused("name_taken", "Ce choix existe déjà dans la liste. Indiquez un autre nom.")


def _rename_in_changes(session: Session, kind: ChoiceList, former: str, label: str) -> None:
    """Changes that wait for the service carry labels too; sealed values are compared here, not in SQL."""
    for line in session.scalars(select(ChangeLine).where(ChangeLine.state == ChangeState.PENDING)):
        if line.field == _FIELDS.get(kind):
            line.seen_value = label if line.seen_value == former else line.seen_value
            line.wanted_value = label if line.wanted_value == former else line.wanted_value
        elif kind is ChoiceList.RELATIONSHIP and line.field.split(":")[0] in (
            PERSON_FIELD,
            ADDED_PERSON_FIELD,
        ):
            line.seen_value = _with_relationship(line.seen_value, former, label)
            line.wanted_value = _with_relationship(line.wanted_value, former, label)


def _with_relationship(text: str | None, former: str, label: str) -> str | None:
    """The text of a person with its link renamed."""
    if not text:
        return text
    person = person_from_text(text)
    return person_to_text(replace(person, relationship=label)) if person.relationship == former else text
