"""Forms of the attendance: what is known of one child, and the child whom nobody expected."""

from wtforms import HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from blueprints.shared.converters import row_number
from blueprints.shared.fields import LineField
from blueprints.staff.families.forms import StaffForm, add_error
from blueprints.staff.fields import ClockField, EnumRadio
from domain.enums import AttendanceMark
from domain.errors import Refused
from queries.attendance import Addition, Seen
from services.attendance import Details

_LONGEST_NOTE = 300


class DetailsForm(StaffForm):
    """Present or absent, the times and a word about one child."""

    marque = EnumRadio("Pointage", AttendanceMark, "Choisissez présent ou absent.")
    arrivee = ClockField("Arrivée")
    depart = ClockField("Départ")
    remarque = LineField("Remarque", _LONGEST_NOTE)
    looks = {"marque": {"look": "choice"}}

    @classmethod
    def of(cls, child: Seen) -> "DetailsForm":
        """The form with what is known."""
        return cls(
            marque=child.mark or AttendanceMark.PRESENT,
            arrivee=_clock(child.arrived_minute),
            depart=_clock(child.left_minute),
            remarque=child.note,
        )

    @property
    def details(self) -> Details:
        return Details(_minute(self.arrivee.data), _minute(self.depart.data), self.remarque.data or "")

    def refuse(self, refusal: Refused) -> None:
        """A refusal of the hours stands under the departure, the others on top."""
        if refusal.code == "hours":
            add_error(self.depart, refusal.message)
        else:
            super().refuse(refusal)


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(clock: str | None) -> int | None:
    if not clock:
        return None
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


class AdditionForm(StaffForm):
    """A child who is there though nobody expected it; `q` keeps what was searched."""

    enfant = RadioField("Enfant", [InputRequired("Choisissez l’enfant.")], coerce=row_number)
    presence = RadioField("Présence", [InputRequired("Choisissez la présence.")], coerce=row_number)
    q = HiddenField()

    def offer(self, addition: Addition) -> "AdditionForm":
        """Fill both lists; a single presence is chosen beforehand."""
        self.enfant.choices = [
            SelectChoice(one.child_id, f"{one.name}, {one.detail}") for one in addition.candidates
        ]
        self.presence.choices = [SelectChoice(*one) for one in addition.presences]
        if len(addition.presences) == 1 and self.presence.data is None:
            self.presence.data = addition.presences[0][0]
        return self
