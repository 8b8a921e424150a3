"""Forms of the agents."""

from collections.abc import Sequence

from wtforms import BooleanField, EmailField, SelectChoice
from wtforms.validators import DataRequired

from blueprints.shared.fields import LineField, TicksField, optional_email, squeeze
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import EnumRadio
from domain.enums import StaffRole
from domain.labels import label
from services.accounts import NewStaff
from services.staff_users import ColleagueData

# What each role does, in one sentence: on the form and on the page of the agents.
ROLES = {
    StaffRole.RECEPTION: "toutes les familles, leurs dossiers, demandes, réservations et règlements",
    StaffRole.DIRECTOR: "ses structures seulement\u00a0: demandes, fermetures, messages, journée, menus",
    StaffRole.LEADER: "ses structures seulement\u00a0: pointage, consignes, repas et menus du jour",
    StaffRole.COLLECTOR: "factures et règlements, avec le foyer, le quotient et les jours de chaque famille",
    StaffRole.ADMINISTRATOR: "tout, réglages et agents compris, sauf les renseignements médicaux",
}
ROLE_CHOICES = [SelectChoice(role.value, f"{label(role)}\u00a0: {words}") for role, words in ROLES.items()]
MEDICAL_HELP = (
    "Aucun rôle ne donne ce droit, pas même l’administration. "
    "Chaque lecture est notée, et la famille la voit sur la fiche de l’enfant."
)


class InvitationForm(StaffForm):
    first_name = LineField("Prénom", 80, required="Indiquez le prénom de l’agent.")
    last_name = LineField("Nom", 80, required="Indiquez le nom de l’agent.")
    email = EmailField(
        "Mail professionnel",
        [DataRequired("Indiquez l’adresse mail de l’agent."), optional_email],
        filters=[squeeze],
    )
    role = EnumRadio("Rôle", StaffRole, "Choisissez le rôle de l’agent.", choices=ROLE_CHOICES)
    facilities = TicksField("Ses structures", coerce=int)
    can_read_medical = BooleanField("Peut lire les renseignements médicaux des enfants")
    looks = {
        "email": {"help": "Le mail d’activation y part aussitôt."},
        "facilities": {"help": "Pour une direction ou une animation\u00a0: où elle travaille."},
        "can_read_medical": {"help": MEDICAL_HELP},
    }

    def offer(self, facilities: Sequence[tuple[int, str]]) -> None:
        """The structures to choose from; without any, the question is not asked."""
        if facilities:
            self.facilities.choices = [SelectChoice(str(one), name) for one, name in facilities]
        else:
            del self.facilities

    def colleague(self) -> ColleagueData:
        chosen = self.facilities.data if self.facilities else ()
        return ColleagueData(
            self.first_name.data,
            self.last_name.data,
            self.role.data,
            frozenset(chosen or ()),
            self.can_read_medical.data,
        )

    @property
    def facility_place(self) -> str:
        """Where a role limited to structures, but without any, is told so."""
        return "facilities" if self.facilities else "role"

    def new_staff(self) -> NewStaff:
        one = self.colleague()
        return NewStaff(
            one.first_name, one.last_name, self.email.data, one.role, one.facility_ids, one.can_read_medical
        )


class ConfirmForm(StaffForm):
    """Nothing to fill in: the page says what will happen."""


class ColleagueForm(InvitationForm):
    """The address signs in: it is not changed here."""

    email = None
