"""Forms of the wizard: shape only, the services decide. Choices come from what the family may choose."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import ValidationError

from blueprints.shared.fields import LineField
from blueprints.staff.families.fields import channel_field, remember_channel
from domain.calendar import month_slug
from queries.family import ChildCard
from queries.wizard import Place
from services.booking_drafts import Author

LONGEST_REASON = 300
NO_CHILD = "Choisissez l’enfant à inscrire."
NO_PLACE = "Choisissez un établissement et un mois d’accueil."


class _OneOf:
    """The answer must be one of the choices; a forged one reads like a missing one."""

    field_flags = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: FlaskForm, field: RadioField) -> None:
        if field.data not in {value for value, _ in field.choices}:
            raise ValidationError(self.message)


class ChildForm(FlaskForm):
    """Step 1 (S89)."""

    enfant = RadioField("Enfant", [_OneOf(NO_CHILD)], validate_choice=False)

    def offer(
        self, children: Sequence[ChildCard], homes: Mapping[int, str], chosen: int | None
    ) -> "ChildForm":
        """Offer these children, each with its household if `homes` tells it. The one chosen before is ticked,
        or the only one."""
        self.enfant.choices = [
            (str(child.child_id), ", ".join(filter(None, (child.first_name, homes.get(child.child_id)))))
            for child in children
        ]
        values = [value for value, _ in self.enfant.choices]
        if self.enfant.data is None and (str(chosen) in values or len(values) == 1):
            self.enfant.data = str(chosen) if str(chosen) in values else values[0]
        return self

    @property
    def child_id(self) -> int:
        return int(self.enfant.data)

    def author(self, author: Author) -> Author:
        """Who starts the request."""
        return author


class CounterChildForm(ChildForm):
    """The same at the counter, with the way in which the family asked (S116)."""

    channel = channel_field()

    def author(self, author: Author) -> Author:
        remember_channel(self.channel.data)
        return author._replace(channel=self.channel.data)


class CounterForm(FlaskForm):
    """How the family asked, and why the agent passes what the rules refuse (S116)."""

    channel = channel_field()
    override_reason = LineField("Motif pour passer outre une règle", LONGEST_REASON)


class PlaceForm(FlaskForm):
    """Step 2 (S91): one answer says where and from which month."""

    accueil = RadioField("Établissement et mois d’accueil", [_OneOf(NO_PLACE)], validate_choice=False)

    def offer(self, places: Iterable[Place], facility_id: int | None, month: date | None) -> "PlaceForm":
        """Offer these places; what was chosen before is ticked, else the first month of the first place."""
        places = list(places)
        self.accueil.choices = [
            (place_value(place.facility_id, month), "") for place in places for month in place.months
        ]
        if self.accueil.data is None:
            self.accueil.data = _preferred(places, facility_id, month)
        return self

    @property
    def place(self) -> tuple[int, date]:
        facility_id, _, month = self.accueil.data.partition(":")
        return int(facility_id), date.fromisoformat(f"{month}-01")


def place_value(facility_id: int, month: date) -> str:
    return f"{facility_id}:{month_slug(month.year, month.month)}"


def _preferred(places: Sequence[Place], facility_id: int | None, month: date | None) -> str | None:
    """The month wished, in the place wished or else in the first one that has it (the school comes first)."""
    bookable = [place for place in places if place.months]
    wished = [place for place in bookable if place.facility_id == facility_id]
    place = next(iter(wished or [one for one in bookable if month in one.months] or bookable), None)
    return place and place_value(place.facility_id, month if month in place.months else place.months[0])
