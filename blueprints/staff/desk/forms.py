"""The decisions of « À traiter », as forms."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from flask import request
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from blueprints.shared.fields import PlainDateField, TicksField, squeeze
from blueprints.staff.families.fields import QuotientField
from blueprints.staff.families.forms import add_error
from blueprints.staff.requests.forms import ACCEPT, REASON_LENGTH, REFUSE
from domain.enums import ChangeState, DocumentEffect
from domain.errors import NotFound, Refused
from domain.french import format_day
from queries.document_cases import DocumentCase
from queries.enrolment_cases import Case as EnrolmentCase
from services.documents import Acceptance
from services.enrolments import Terms

ANSWERS = {ACCEPT: ChangeState.ACCEPTED, REFUSE: ChangeState.REFUSED}


def reason_field() -> TextAreaField:
    """The reason of a refusal, which the family reads."""
    message = f"Raccourcissez le motif à {REASON_LENGTH} caractères."
    return TextAreaField("Motif du refus", [Length(max=REASON_LENGTH, message=message)], filters=[squeeze])


@dataclass(slots=True)
class Answers:
    """What the agent answers, by line."""

    decisions: dict[int, ChangeState] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    current: dict[int, str] = field(default_factory=dict)


class ChangeDecisionForm(FlaskForm):
    """The answer to every field that waits, or to one: `decision` is « accepter » or « refuser », followed by
    « -12 » for one field; `vu-12` is the official value of that field as it was on screen.
    """

    reason = reason_field()

    def answers(self, line_ids: Collection[int]) -> Answers:
        """The answers to the fields of one change; none for a button that is not ours. Raises NotFound for a
        field of another change."""
        found = Answers()
        word, _, only = request.form.get("decision", "").partition("-")
        seen = {name.removeprefix("vu-"): value for name, value in request.form.items() if name[:3] == "vu-"}
        if not {*seen, *filter(None, [only])} <= {str(line_id) for line_id in line_ids}:
            raise NotFound
        answer = ANSWERS.get(word)
        for name, value in seen.items():
            if answer is not None and only in ("", name):
                found.decisions[int(name)] = answer
                found.reasons[int(name)] = (self.reason.data or "") if word == REFUSE else ""
                found.current[int(name)] = value
        return found

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal of the services where it can be mended."""
        if refusal.code == "reason_missing":
            add_error(self.reason, refusal.message)
        else:
            self.form_errors.append(refusal.message)


class DocumentDecisionForm(FlaskForm):
    """What an agent adds to accept a document, and the reason to refuse it."""

    quotient = QuotientField("Quotient familial écrit sur l’attestation")
    quotient_from = PlainDateField("Ce quotient s’applique à partir du")
    days = TicksField("Jours justifiés", coerce=date.fromisoformat)
    valid_until = PlainDateField("Le document sert jusqu’au")
    reason = reason_field()

    def prepare(self, case: DocumentCase) -> None:
        """Keep what this kind of document asks; nothing else is shown or read."""
        if case.category.effect is not DocumentEffect.QUOTIENT:
            del self.quotient, self.quotient_from
        if case.absence_days:
            self.days.choices = [
                SelectChoice(str(one.day), f"{format_day(one.day)}, {', '.join(one.activities)}")
                for one in case.absence_days
            ]
        else:
            del self.days

    def acceptance(self) -> Acceptance:
        return Acceptance(
            valid_until=self.valid_until.data,
            quotient_hundredths=self.quotient.data if self.quotient else None,
            quotient_from=self.quotient_from.data if self.quotient else None,
            justified_days=tuple(self.days.data or ()) if self.days else (),
        )

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal of the services where it can be mended."""
        places = {"justified_days": "days", "reason_missing": "reason"}
        name = places.get(refusal.code, refusal.code)
        if name in self:
            add_error(self[name], refusal.message)
        else:
            self.form_errors.append(refusal.message)


class EnrolmentDecisionForm(FlaskForm):
    """The days and the group of an enrolment that is accepted, or the reason of a refusal."""

    first_day = PlainDateField("Du", [InputRequired("Indiquez le premier jour de l’inscription.")])
    last_day = PlainDateField("Au", [InputRequired("Indiquez le dernier jour de l’inscription.")])
    group_id = SelectField("Groupe", coerce=lambda value: int(value or 0))
    reason = reason_field()

    def offer(self, case: EnrolmentCase) -> None:
        """The groups of the structure; nothing to choose without any."""
        if not case.groups:
            del self.group_id
            return
        groups = [SelectChoice(str(one.group_id), one.name) for one in case.groups]
        self.group_id.choices = [SelectChoice("0", "Sans groupe"), *groups]

    def terms(self) -> Terms:
        group_id = self.group_id.data if self.group_id else None
        return Terms(self.first_day.data, self.last_day.data, group_id or None)

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal of the services where it can be mended."""
        places = {"reason_missing": self.reason, "dates": self.last_day, "overlap": self.first_day}
        if refusal.code in places:
            add_error(places[refusal.code], refusal.message)
        else:
            self.form_errors.append(refusal.message)
