"""Forms of the structures: they check the shape of what was typed and hand over what the services take."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from wtforms import (
    BooleanField,
    EmailField,
    SelectChoice,
    SelectField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from blueprints.shared.fields import LineField, PlainDateField, TicksField, optional_email, phone, squeeze
from blueprints.staff.families.forms import StaffForm, values_of
from blueprints.staff.fields import (
    WEEKDAY_CHOICES,
    ClockField,
    EnumRadio,
    EnumSelect,
    NumberField,
)
from domain.calendar import paris_now
from domain.capacity import PART_NAMES, DayPart
from domain.clock_time import ClockTime
from domain.enums import ActivityKind, FacilityKind, PlacesMode, ValidationMode
from domain.errors import Refused
from domain.openings import OpeningPattern, SchoolTime
from domain.settings import tie_hours
from queries.facilities import PeriodRow, PeriodSheet
from queries.openings import LimitRow
from services.facilities import ActivityData, FacilityData, GroupData, PeriodData, PresenceTypeData
from services.openings import Stretch
from services.places import LimitKey

POSITION_HELP = "Les plus petits numéros sont présentés en premier."
CAPACITY_HELP = "Laissez vide s’il n’y a pas de limite."
MOST_PLACES = 5000
MOST_CHILDREN = 100  # for one adult
RATIO = "Enfants par adulte, au plus"


def position_field() -> NumberField:
    return NumberField("Ordre d’affichage", 0, 999, required="Indiquez un ordre, par exemple 1.", default=1)


def text_area(name: str, length: int, *filters: Callable[[str], str], **options: Any) -> TextAreaField:
    return TextAreaField(
        name,
        [Length(max=length, message=f"Raccourcissez à {length} caractères.")],
        filters=[lambda text: (text or "").strip().replace("\r\n", "\n"), *filters],
        **options,
    )


class FacilityForm(StaffForm):
    name = LineField("Nom de la structure", 120, required="Indiquez le nom de la structure.")
    kind = EnumRadio("Genre de structure", FacilityKind, "Choisissez le genre de structure.")
    address = LineField("Adresse", 300)
    phone = TelField("Téléphone", [phone], filters=[squeeze])
    email = EmailField("Mail", [optional_email], filters=[squeeze])
    opening_hours = text_area("Horaires", 500, tie_hours)
    position = position_field()
    is_active = BooleanField("Structure visible par les familles", default=True)
    looks = {
        "kind": {"look": "choice"},
        "opening_hours": {"help": "Tels que les familles les lisent."},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
        "is_active": {"help": "Décochez pour retirer la structure des pages publiques, sans rien effacer."},
    }

    def data_typed(self) -> FacilityData:
        return values_of(self, FacilityData)


class NewFacilityForm(FacilityForm):
    validation_mode = EnumRadio(
        "Qui accepte les demandes qui respectent les règles\u00a0?",
        ValidationMode,
        "Choisissez qui accepte les demandes.",
    )
    looks = FacilityForm.looks | {
        "validation_mode": {"help": "Ce choix se change à tout moment, pour les demandes suivantes."}
    }


class ValidationModeForm(StaffForm):
    validation_mode = EnumRadio(
        "Qui accepte les demandes\u00a0?", ValidationMode, "Choisissez qui accepte les demandes."
    )


class ActivityForm(StaffForm):
    name = LineField("Nom de l’activité", 120, required="Indiquez le nom de l’activité.")
    kind = EnumSelect("Pictogramme", ActivityKind, "Choisissez un pictogramme.")
    has_waiting_list = BooleanField("Une liste d’attente s’ouvre quand un jour est complet")
    waiting_places = NumberField("Enfants en liste d’attente, au plus, par jour", 1, MOST_PLACES)
    offer_hours = NumberField(
        "Heures pour répondre quand une place se libère",
        1,
        14 * 24,
        required="Indiquez un nombre d’heures, par exemple 24.",
        default=24,
    )
    last_places_threshold = NumberField(
        "Annoncer «\u00a0dernières places\u00a0» à partir de",
        0,
        500,
        required="Indiquez un nombre de places.",
        default=3,
    )
    children_per_adult = NumberField(RATIO, 1, MOST_CHILDREN)
    regie_id = SelectField("Régie", coerce=lambda value: int(value) if value else None)
    is_care = BooleanField("Garde d’enfants, comptée dans l’attestation fiscale", default=True)
    is_declared = BooleanField("Accueil de mineurs déclaré à l’État, compté pour la CAF")
    product_code = LineField("Code produit de la comptabilité", 4)
    position = position_field()
    is_active = BooleanField("Activité proposée aux familles", default=True)
    looks = {
        "kind": {"help": "Il accompagne l’activité sur le planning et ne change ni prix ni délai."},
        "waiting_places": {"help": "Laissez vide s’il n’y a pas de limite.", "inputmode": "numeric"},
        "offer_hours": {
            "help": "Passé ce délai, la place est proposée à l’enfant suivant.",
            "inputmode": "numeric",
        },
        "last_places_threshold": {
            "help": "Nombre de places restantes. 0 pour ne rien annoncer.",
            "inputmode": "numeric",
        },
        "children_per_adult": {
            "help": "Le taux d’encadrement, par exemple 10. Laissez vide s’il n’y en a pas\u00a0; un groupe "
            "peut avoir le sien.",
            "inputmode": "numeric",
        },
        "regie_id": {"help": "Elle facture cette activité. Sans régie, un mois ne peut pas être émis."},
        "is_care": {
            "help": "Cochez pour une garderie ou un accueil de loisirs. Un repas ne compte jamais\u00a0: "
            "il n’ouvre pas droit au crédit d’impôt."
        },
        "is_declared": {
            "help": "Cochez pour un accueil collectif de mineurs déclaré (SDJES). Une garderie ou une "
            "cantine qui n’est pas déclarée n’ouvre droit à aucune aide de la CAF."
        },
        "product_code": {"help": "4 signes au plus, pour l’export au comptable. Laissez vide sans code."},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
    }

    def offer(self, regies: Sequence[tuple[int, str]]) -> "ActivityForm":
        """The régies that may bill it."""
        known = [SelectChoice(str(regie_id), name) for regie_id, name in regies]
        self.regie_id.choices = [SelectChoice("", "Aucune pour le moment"), *known]
        return self

    def data_typed(self) -> ActivityData:
        return values_of(self, ActivityData)


class PresenceTypeForm(StaffForm):
    name = LineField(
        "Nom du type de présence", 80, required="Indiquez ce qui est réservé, par exemple Repas enfant."
    )
    short_name = LineField("Nom court", 20, required="Indiquez un nom court, par exemple Repas.")
    day_parts = TicksField(
        "L’enfant est là",
        [InputRequired("Cochez au moins une partie de la journée.")],
        coerce=int,
        choices=[SelectChoice(str(int(part)), name.capitalize()) for part, name in PART_NAMES.items()],
        default=[int(part) for part in DayPart],
    )
    starts_at = ClockField("Début de l’accueil")
    ends_at = ClockField("Fin de l’accueil")
    position = position_field()
    is_active = BooleanField("Proposé aux familles", default=True)
    looks = {
        "name": {"help": "Ce que la famille réserve un jour donné\u00a0: un repas, une journée, un matin."},
        "short_name": {"help": "Il tient dans une case du planning."},
        "day_parts": {"help": "Les places de ces parties de la journée sont comptées, s’il y en a."},
        "starts_at": {
            "help": "Heure de Paris, par exemple 16:30. Ces heures servent à l’encadrement au plus fort de "
            "la journée et à la déclaration à la CAF."
        },
        "ends_at": {"help": "Laissez les deux vides si cet accueil n’a pas d’heures fixes."},
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
    }

    def data_typed(self) -> PresenceTypeData:
        return values_of(
            self,
            PresenceTypeData,
            parts=sum(self.day_parts.data),
            starts_minute=_minute(self.starts_at),
            ends_minute=_minute(self.ends_at),
        )

    def validate_ends_at(self, field: ClockField) -> None:
        starts, ends = _minute(self.starts_at), _minute(field)
        if (starts is None) != (ends is None):
            raise ValidationError("Indiquez les deux heures, ou aucune.")
        if starts is not None and ends is not None and ends <= starts:
            raise ValidationError("Indiquez une fin qui suit le début.")


def _minute(field: ClockField) -> int | None:
    """Minutes since midnight, None where nothing was typed."""
    return ClockTime.parse(field.data).minutes if field.data else None


class GroupForm(StaffForm):
    name = LineField("Nom du groupe", 80, required="Indiquez un nom, par exemple Les 3-5 ans.")
    first_age = NumberField("À partir de, en années", 0, 25)
    last_age = NumberField("Jusqu’à, en années", 0, 25)
    children_per_adult = NumberField(RATIO, 1, MOST_CHILDREN)
    position = position_field()
    is_active = BooleanField("Groupe proposé à l’inscription", default=True)
    looks = {
        "first_age": {"help": "Âge au premier jour de l’inscription.", "inputmode": "numeric"},
        "last_age": {"help": "Âge inclus. Laissez vide s’il n’y a pas de limite.", "inputmode": "numeric"},
        "children_per_adult": {
            "help": "Le taux d’encadrement de ce groupe. Laissez vide pour celui de l’activité.",
            "inputmode": "numeric",
        },
        "position": {"help": POSITION_HELP, "inputmode": "numeric"},
    }

    def data_typed(self) -> GroupData:
        return values_of(self, GroupData)


# --- Booking periods ----------------------------------------------------------------------------


class PeriodForm(StaffForm):
    name = LineField(
        "Nom de la période", 120, required="Indiquez un nom, par exemple Année scolaire 2026-2027."
    )
    first_day = PlainDateField("Premier jour", [InputRequired("Indiquez le premier jour de la période.")])
    last_day = PlainDateField("Dernier jour", [InputRequired("Indiquez le dernier jour de la période.")])
    opens_on = PlainDateField(
        "Réservations ouvertes à partir du", [InputRequired("Indiquez le jour d’ouverture des réservations.")]
    )
    opens_time = ClockField(
        "Heure d’ouverture", required="Indiquez l’heure, par exemple 08:00.", default="08:00"
    )
    closes_on = PlainDateField("Réservations fermées à partir du")
    closes_time = ClockField("Heure de fermeture", default="23:59")
    places_mode = EnumRadio(
        "Comment les places sont données",
        PlacesMode,
        "Choisissez comment les places sont données.",
        default=PlacesMode.FIRST_COME,
    )
    looks = {
        "first_day": {"help": "Premier jour que les familles peuvent réserver."},
        "closes_on": {
            "help": "Facultatif, sauf pour des vœux. Les délais de chaque activité s’appliquent aussi."
        },
        "places_mode": {
            "look": "choice",
            "help": "Vœux\u00a0: les familles demandent jusqu’à la fermeture, puis vous attribuez les places "
            "selon les critères du règlement.",
        },
        "opens_time": {"help": "Heure de Paris."},
    }

    @classmethod
    def of(cls, period: PeriodSheet | None) -> "PeriodForm":
        """The form of a new period, or of one that exists."""
        if period is None:
            return cls()
        opens, closes = paris_now(period.opens_at), period.closes_at and paris_now(period.closes_at)
        return cls(
            obj=period,
            opens_on=opens.date(),
            opens_time=f"{opens:%H:%M}",
            closes_on=closes and closes.date(),
            closes_time=f"{closes:%H:%M}" if closes else "23:59",
        )

    def validate_closes_time(self, field: ClockField) -> None:
        if self.closes_on.data and not field.data:
            raise ValidationError("Indiquez l’heure de fermeture, par exemple 23:59.")

    def data_typed(self) -> PeriodData:
        closes = self.closes_on.data and _instant(self.closes_on.data, self.closes_time.data)
        return values_of(
            self, PeriodData, opens_at=_instant(self.opens_on.data, self.opens_time.data), closes_at=closes
        )


def _instant(day: date, clock: str) -> datetime:
    return ClockTime.parse(clock).on(day)


# --- Openings -----------------------------------------------------------------------------------


def weekdays_field(required: str) -> TicksField:
    return TicksField(
        "Jours de la semaine", validators=[InputRequired(required)], choices=WEEKDAY_CHOICES, coerce=int
    )


class OpeningsForm(StaffForm):
    period_id = SelectField(
        "Période de réservation",
        [InputRequired("Choisissez une période.")],
        coerce=lambda value: int(value or 0),
    )
    weekdays = weekdays_field("Cochez au moins un jour de la semaine.")
    skip_public_holidays = BooleanField("Hors jours fériés", default=True)
    school_time = EnumRadio(
        "Vacances scolaires",
        SchoolTime,
        "Choisissez ce qui se passe pendant les vacances.",
        choices=[
            SelectChoice(SchoolTime.OUTSIDE.value, "Hors vacances"),
            SelectChoice(SchoolTime.ONLY.value, "Seulement pendant les vacances"),
            SelectChoice(SchoolTime.ALWAYS.value, "Toute la période"),
        ],
    )
    capacity = NumberField("Places par jour", 1, MOST_PLACES)
    looks = {"school_time": {"look": "choice"}, "capacity": {"help": CAPACITY_HELP, "inputmode": "numeric"}}
    calendar_is_empty = False

    def refuse(self, refusal: Refused) -> None:
        super().refuse(refusal)
        self.calendar_is_empty = refusal.code == "calendar_empty"

    def offer(self, periods: Sequence[PeriodRow]) -> None:
        self.period_id.choices = [SelectChoice(str(period.id), period.name) for period in periods]

    def pattern(self) -> OpeningPattern:
        return OpeningPattern(
            frozenset(self.weekdays.data), self.skip_public_holidays.data, self.school_time.data
        )


class StretchForm(StaffForm):
    """Days of an activity between two dates, on some weekdays."""

    first = PlainDateField("Du", [InputRequired("Indiquez le premier jour.")])
    last = PlainDateField("Au", [InputRequired("Indiquez le dernier jour.")])
    weekdays = weekdays_field("Cochez au moins un jour de la semaine.")

    def validate_last(self, field: PlainDateField) -> None:
        if not self.first.data or not field.data:
            return
        if field.data < self.first.data:
            raise ValidationError("Indiquez un dernier jour qui suit le premier.")
        if (field.data - self.first.data).days > 800:
            raise ValidationError("Choisissez au plus deux ans à la fois.")

    def stretch(self) -> Stretch:
        return Stretch(self.first.data, self.last.data, frozenset(self.weekdays.data))


class StretchCapacityForm(StretchForm):
    capacity = NumberField("Places par jour", 1, MOST_PLACES)
    looks = {"capacity": {"help": CAPACITY_HELP, "inputmode": "numeric"}}

    def limits(self) -> dict[LimitKey, int]:
        return _limits_typed(self)


class CapacityForm(StaffForm):
    capacity = NumberField("Places ce jour-là", 1, MOST_PLACES)
    looks = {"capacity": {"help": CAPACITY_HELP, "inputmode": "numeric"}}

    def limits(self) -> dict[LimitKey, int]:
        return _limits_typed(self)


Places = TypeVar("Places", StretchCapacityForm, CapacityForm)


def with_limits(form: type[Places], limits: Sequence[LimitRow]) -> type[Places]:
    """The form with one more number for each group and part of the day that may have places of its own."""
    names = [(f"limit_{one.group_id or 0}_{one.part}", one) for one in limits]
    fields = {
        name: NumberField(f"Dont {one.name}", 0, MOST_PLACES, default=one.capacity) for name, one in names
    }
    looks = {name: {"help": CAPACITY_HELP, "inputmode": "numeric"} for name in fields}
    extended = type(form.__name__, (form,), {**fields, "looks": form.looks | looks})
    extended.limit_keys = {name: LimitKey(one.group_id, one.part) for name, one in names}
    return extended


def _limits_typed(form: Any) -> dict[LimitKey, int]:
    return {key: form[name].data for name, key in form.limit_keys.items() if form[name].data is not None}
