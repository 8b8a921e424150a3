"""Forms of the family file: they check the shape of what was typed and hand over what the services take."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    EmailField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectChoice,
    SelectField,
    TelField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from blueprints.shared.fields import (
    LabelField,
    LineField,
    PlainDateField,
    TicksField,
    optional_email,
    phone,
    postcode,
    squeeze,
)
from blueprints.staff.families.fields import QuotientField, channel_field
from blueprints.staff.fields import EnumRadio, YesNo
from domain.calendar import school_year
from domain.enums import DocumentEffect, DocumentOwner, Residency
from domain.errors import NotFound, Refused
from queries.documents import Category
from queries.households import ActivityName, DocumentLine, EnrolmentLine, FacilityName, GroupName
from services import households
from services.documents import Upload

OLDEST_YEARS = 26  # a child born earlier is a slip of the keyboard
CHOICE = {"look": "choice"}

Kind = TypeVar("Kind")


def values_of(form: Form, kind: type[Kind], **known: Any) -> Kind:
    """The dataclass `kind` filled from the fields of the same names; `known` gives those that have none."""
    names = [field.name for field in fields(kind)]
    return kind(**{name: form[name].data for name in names if name in form} | known)


class StaffForm(FlaskForm):
    """A form of the service. `looks` gives the template the arguments of the macro `field`, by field."""

    looks: dict[str, dict[str, str]] = {}

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal of the services: on top of the form, unless a subclass knows the field."""
        self.form_errors.append(refusal.message)


class ChangeForm(StaffForm):
    """A form that changes what is there: `seen` is what was there when it was shown."""

    seen = HiddenField()
    channel = channel_field()


def add_error(field: Any, message: str) -> None:
    field.errors = [*field.errors, message]


def facility_choices(facilities: Iterable[FacilityName]) -> list[SelectChoice]:
    return [SelectChoice(str(one.facility_id), one.name) for one in facilities]


# --- The household ----------------------------------------------------------------------------------------


class IdentityFields:
    name = LineField("Nom du foyer", 120, required="Indiquez le nom du foyer, par exemple SOLIGNAC.")
    address = LineField("Adresse", 200)
    address_extra = LineField("Complément d’adresse", 200)
    postcode = LineField("Code postal", 10, validators=[postcode])
    city = LineField("Ville", 100)
    family_situation = LabelField("Situation familiale")
    residency = EnumRadio(
        "Le foyer habite-t-il la commune\u00a0?",
        Residency,
        "Choisissez si le foyer habite la commune\u00a0: le tarif en dépend.",
    )


class HouseholdForm(IdentityFields, ChangeForm):
    looks = {"postcode": {"inputmode": "numeric"}, "residency": CHOICE}


# --- Adults and their access ------------------------------------------------------------------------------


class AdultFields:
    first_name = LineField("Prénom", 80, required="Indiquez le prénom de l’adulte.")
    last_name = LineField("Nom", 80, required="Indiquez le nom de l’adulte.")
    email = EmailField("Mail", [optional_email], filters=[squeeze])
    mobile_phone = TelField("Téléphone mobile", [phone], filters=[squeeze])
    home_phone = TelField("Téléphone du domicile", [phone], filters=[squeeze])
    work_phone = TelField("Téléphone du travail", [phone], filters=[squeeze])
    workplace = LineField("Lieu de travail", 160)


class AdultForm(AdultFields, ChangeForm):
    looks = {
        "email": {"help": "Facultatif. Il en faut un pour ouvrir l’accès au portail."},
    }

    def refuse(self, refusal: Refused) -> None:
        if isinstance(refusal, households.EmailUsed):
            add_error(self.email, refusal.message)
        else:
            super().refuse(refusal)


class AdultWithAccessForm(AdultForm):
    """The address signs in: it is not changed here."""

    email = None


class AccessForm(StaffForm):
    channel = channel_field()


class AccessWithEmailForm(AccessForm):
    """Opening or sending again: the address is read over with the person."""

    email = EmailField(
        "Mail de la personne",
        [
            InputRequired("Indiquez une adresse mail\u00a0: sans elle, l’accès ne peut pas être ouvert."),
            optional_email,
        ],
        filters=[squeeze],
    )
    looks = {
        "email": {"help": "Relisez l’adresse avec la personne\u00a0: le mail d’activation y part aussitôt."},
    }

    def refuse(self, refusal: Refused) -> None:
        if refusal.code.startswith("email_"):
            add_error(self.email, refusal.message)
        else:
            super().refuse(refusal)


# --- Children and their enrolments ------------------------------------------------------------------------


def plausible_birth(_form: Any, field: PlainDateField) -> None:
    """`field.latest` is today, given by the view."""
    if field.data and field.data > field.latest:
        raise ValidationError("Indiquez une date de naissance qui n’est pas dans le futur.")
    if field.data and field.data.year < field.latest.year - OLDEST_YEARS:
        raise ValidationError("Vérifiez l’année de naissance\u00a0: elle est trop ancienne pour un enfant.")


class BirthDateField(PlainDateField):
    latest: date = date.max


class ChildFields:
    first_name = LineField("Prénom", 80, required="Indiquez le prénom de l’enfant.")
    last_name = LineField("Nom", 80, required="Indiquez le nom de l’enfant.")
    birth_date = BirthDateField(
        "Date de naissance",
        [InputRequired("Indiquez la date de naissance, par exemple 04/05/2019."), plausible_birth],
    )


class FacilityField:
    facility_id = SelectField(
        "Structure", [InputRequired("Choisissez une structure.")], coerce=lambda value: int(value or 0)
    )


class ActivityField:
    activity_id = SelectField("Activité", coerce=lambda value: int(value) if value else None)


class FacilitiesField:
    facilities = TicksField("Structures où l’inscrire", coerce=int)


class PlacementFields:
    group_name = LineField("Classe ou groupe", 80)
    first_day = PlainDateField("Du", [InputRequired("Indiquez le premier jour de l’inscription.")])
    last_day = PlainDateField("Au", [InputRequired("Indiquez le dernier jour de l’inscription.")])

    def validate_last_day(self, field: PlainDateField) -> None:
        if self.first_day.data and field.data and field.data < self.first_day.data:
            raise ValidationError("Indiquez un dernier jour qui suit le premier.")


class ChildForm(ChildFields, ChangeForm):
    pass


class EnrolmentForm(FacilityField, ActivityField, PlacementFields, ChangeForm):
    group_id = SelectField("Groupe, pour le compte des places", coerce=lambda value: int(value or 0) or None)
    looks = {
        "activity_id": {"help": "Une activité seulement, si l’enfant ne vient pas aux autres."},
        "group_id": {"help": "Sans choix, un enfant qui arrive entre dans le groupe de son âge."},
    }

    def offer(
        self,
        choices: Iterable[FacilityName],
        activities: Iterable[ActivityName],
        groups: Sequence[GroupName],
        keep: EnrolmentLine | None = None,
    ) -> None:
        """`keep` is the enrolment that stands: its facility and activity stay offered, even if closed for
        good. A town without groups is not asked for one."""
        self.facility_id.choices = [SelectChoice("", "Choisissez"), *facility_choices(choices)]
        self.activity_id.choices = [
            SelectChoice("", "Toutes celles de la structure"),
            *(SelectChoice(str(one.activity_id), f"{one.facility} · {one.name}") for one in activities),
        ]
        self.group_id.choices = [
            SelectChoice("", "Sans groupe" if keep else "Selon l’âge"),
            *(SelectChoice(str(one.group_id), one.label) for one in groups),
        ]
        if not groups:
            del self.group_id
        if keep:
            _also(self.facility_id, keep.facility_id, keep.facility)
            _also(self.activity_id, keep.activity_id, f"{keep.facility} · {keep.activity}")

    def refuse(self, refusal: Refused) -> None:
        if refusal.code == "activity":
            add_error(self.activity_id, refusal.message)
        elif refusal.code in ("wrong_group", "group_full"):
            add_error(self.group_id, refusal.message)
        else:
            super().refuse(refusal)


def _also(field: SelectField, value: int | None, label: str) -> None:
    """Offer what stands, too."""
    if value is not None and str(value) not in [one.value for one in field.choices]:
        field.choices.append(SelectChoice(str(value), label))


class PlacementsFields(FacilitiesField, PlacementFields):
    """One or several facilities at once, with the same dates; nothing to say where there is none yet."""

    def offer_facilities(self, choices: Iterable[FacilityName]) -> None:
        self.facilities.choices = facility_choices(choices)
        if not self.facilities.choices:
            del self.group_name, self.first_day, self.last_day

    def placements(self) -> tuple[households.Placement, ...]:
        return tuple(
            values_of(self, households.Placement, facility_id=facility_id)
            for facility_id in self.facilities.data
        )


class NewChildForm(ChildFields, PlacementsFields, StaffForm):
    """A child added to a file that exists."""

    channel = channel_field()
    looks = {
        "facilities": {"help": "Facultatif\u00a0: vous pourrez l’inscrire plus tard."},
    }

    def offer(self, choices: Iterable[FacilityName], today: date) -> None:
        self.offer_facilities(choices)
        self.birth_date.latest = today


# --- Quotient familial ------------------------------------------------------------------------------------


class QuotientForm(StaffForm):
    value_hundredths = QuotientField(
        "Quotient familial", [InputRequired("Indiquez le quotient, par exemple 622,50.")]
    )
    valid_from = PlainDateField(
        "À partir du", [InputRequired("Indiquez à partir de quel jour il s’applique.")]
    )
    valid_to = PlainDateField("Jusqu’au")
    source = LineField("Justificatif", 80, required="Indiquez le justificatif, par exemple attestation CAF.")
    channel = channel_field()
    looks = {
        "value_hundredths": {"inputmode": "decimal"},
        "valid_to": {"help": "Laissez vide si la fin n’est pas connue."},
    }

    def validate_valid_to(self, field: PlainDateField) -> None:
        if self.valid_from.data and field.data and field.data < self.valid_from.data:
            raise ValidationError("Indiquez une date de fin qui suit la date de début.")


# --- Documents --------------------------------------------------------------------------------------------


class ReceiptForm(Form):
    key = HiddenField()
    received = BooleanField("Reçu")
    received_on = PlainDateField("Reçu le")
    valid_until = PlainDateField("Valable jusqu’au")

    def validate_received_on(self, field: PlainDateField) -> None:
        if self.received.data and field.data is None:
            raise ValidationError("Indiquez le jour où vous l’avez reçu.")

    def validate_valid_until(self, field: PlainDateField) -> None:
        if self.received_on.data and field.data and field.data < self.received_on.data:
            raise ValidationError("Indiquez une fin de validité qui suit la réception.")


class DocumentsForm(StaffForm):
    receipts = FieldList(FormField(ReceiptForm))
    channel = channel_field()

    def ticked(self, lines: Sequence[DocumentLine]) -> list[households.Receipt]:
        """What was ticked. Raises NotFound for a line that the page does not have."""
        by_key = {line.key: line for line in lines}
        receipts = []
        for entry in self.receipts:
            line = by_key.get(entry.form.key.data)
            if line is None:
                raise NotFound
            if entry.form.received.data:
                receipts.append(
                    households.Receipt(
                        line.category_id,
                        line.child_id,
                        entry.form.received_on.data,
                        entry.form.valid_until.data,
                    )
                )
        return receipts


# --- What a family says of its own file ------------------------------------------------------------------


class CertificationForm(StaffForm):
    channel = channel_field()


class ConsentForm(StaffForm):
    is_accepted = YesNo("Réponse", "Choisissez la réponse de la personne.", yes="Accepte", no="Refuse")
    channel = channel_field()
    looks = {"is_accepted": CHOICE}


class ScanForm(StaffForm):
    """A paper scanned for a family. `upload_key` makes a sending that is repeated one document."""

    upload_key = HiddenField(validators=[InputRequired(), Length(max=64)])
    document = SelectField("Document", choices=[])
    files = MultipleFileField("Fichiers")
    issued_on = PlainDateField("Date écrite sur le document")
    channel = channel_field()
    looks = {
        "files": {
            "help": "Photos ou PDF, 12\u00a0Mo au plus par fichier\u00a0: ils forment un seul document.",
            "accept": "image/*,application/pdf",
        },
    }

    def offer(
        self, categories: Sequence[Category], household: str, children: Sequence[tuple[int, str]]
    ) -> None:
        """Each document that the town asks for, with each of those whom it may concern; absences are sent by
        the family, day by day.
        """
        self.document.choices = [
            SelectChoice(f"{one.category_id}-{child_id or 'foyer'}", f"{one.name}, {words}")
            for one in categories
            if one.is_active and one.effect is not DocumentEffect.ABSENCE
            for child_id, words in [(None, f"famille {household}"), *children]
            if one.owner is not (DocumentOwner.HOUSEHOLD if child_id else DocumentOwner.CHILD)
        ]

    def about(self) -> tuple[int, int | None]:
        """(category, child or None for the household)."""
        category_id, _, owner = self.document.data.partition("-")
        return int(category_id), None if owner == "foyer" else int(owner)

    def uploads(self) -> tuple[Upload, ...]:
        return tuple(Upload(one.stream.read(), one.filename) for one in self.files.data or () if one.filename)

    def refuse(self, refusal: Refused) -> None:
        place = self.issued_on if refusal.code == "issued_on" else self.files
        add_error(place, refusal.message)


# --- A new file -------------------------------------------------------------------------------------------


class OptionalBlock(Form):
    """A part of the creation form: left empty, it counts for nothing."""

    telling: tuple[str, ...] = ()  # the fields that make it count

    def is_empty(self) -> bool:
        return not any("".join(self[name].raw_data or []).strip() for name in self.telling)

    def validate(self, extra_validators: Any = None) -> bool:
        return self.is_empty() or super().validate(extra_validators)


class NewAdultBlock(AdultFields, OptionalBlock):
    last_name = LineField("Nom, s’il diffère du foyer", 80)
    telling = ("first_name", "last_name", "email", "mobile_phone", "home_phone", "work_phone")


class NewChildBlock(ChildFields, PlacementsFields, OptionalBlock):
    last_name = LineField("Nom, s’il diffère du foyer", 80)
    telling = ("first_name", "last_name", "birth_date")


class NewHouseholdForm(IdentityFields, StaffForm):
    """Everything on one page; « Ajouter » buttons send it and bring it back with one more block."""

    adults = FieldList(FormField(NewAdultBlock), min_entries=1)
    children = FieldList(FormField(NewChildBlock), min_entries=1)
    quotient = QuotientField("Valeur")
    quotient_from = PlainDateField("À partir du")
    quotient_source = LineField("Justificatif", 80)
    channel = channel_field()
    despite_duplicates = BooleanField("Créer quand même")

    def prepare(self, choices: Iterable[FacilityName], today: date, another: str | None) -> bool:
        """Give the children's blocks what they offer; add an empty block of `another` kind (« adulte »,
        « enfant »). False when there is nothing to add.
        """
        if another == "adulte":
            self.adults.append_entry()
        elif another == "enfant":
            self.children.append_entry()
        for position, entry in enumerate(self.children):
            entry.form.offer_facilities(choices)
            entry.form.birth_date.latest = today
            is_new = not self.is_submitted() or (another == "enfant" and position == len(self.children) - 1)
            if is_new and choices:
                entry.form.first_day.data, entry.form.last_day.data = school_year(today)
        return another in ("adulte", "enfant")

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if all(entry.form.is_empty() for entry in self.adults):
            self._add_adult_error(self.adults[0], "first_name", "Indiquez au moins un adulte.")
            return False
        return valid

    def _add_adult_error(self, entry: FormField, name: str, message: str) -> None:
        add_error(entry.form[name], message)
        self.adults.errors = [one.errors for one in self.adults]

    def validate_quotient_from(self, field: PlainDateField) -> None:
        if self.quotient.data is not None and field.data is None:
            raise ValidationError("Indiquez à partir de quel jour le quotient s’applique.")

    def new_household(self) -> households.NewHousehold:
        identity = values_of(self, households.Identity)
        return households.NewHousehold(
            identity,
            adults=tuple(self._adult(entry.form) for entry in self.adults if not entry.form.is_empty()),
            children=tuple(self._child(entry.form) for entry in self.children if not entry.form.is_empty()),
            quotient=self._quotient(),
        )

    def _adult(self, block: NewAdultBlock) -> households.Adult:
        return values_of(block, households.Adult, last_name=block.last_name.data or self.name.data)

    def _child(self, block: NewChildBlock) -> households.NewChild:
        identity = values_of(
            block, households.ChildIdentity, last_name=block.last_name.data or self.name.data
        )
        return households.NewChild(identity, block.placements())

    def _quotient(self) -> households.Quotient | None:
        if self.quotient.data is None:
            return None
        return households.Quotient(self.quotient.data, self.quotient_from.data, self.quotient_source.data)

    def refuse(self, refusal: Refused) -> None:
        if not isinstance(refusal, households.EmailUsed):
            super().refuse(refusal)
            return
        for entry in self.adults:
            if entry.form.email.data == refusal.email:
                self._add_adult_error(entry, "email", refusal.message)
