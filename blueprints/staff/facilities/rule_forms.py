"""Forms of the dated rules: one for each form of cut-off (P2), one for the price table (P4).

They turn what is typed into the plain data that `domain` reads and judges; a fault that it finds is shown at
the field that caused it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    SelectChoice,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired

from blueprints.staff.families.fields import LineField, PlainDateField
from blueprints.staff.families.forms import StaffForm, add_error
from blueprints.staff.fields import ClockField, EnumRadio, EnumSelect, EurosField, NumberField, YesNo
from domain.deadlines import WEEKDAY_KEYS, Ladder, ladder_from_data, ladder_to_data
from domain.enums import Compare, DayBase, Outcome, Residency
from domain.errors import Refused, RuleError
from domain.french import weekday_name
from domain.pricing import Bracket, PriceRow, PriceTable, check_table

STAGE = "stages[0].until."
EMPTY_ROWS = 4
MOST_ROWS = 30
_ENTRY = re.compile(r"entries\[(\d+)\]\.(\w+)")
_BOUND = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,2})?")
_WEEK_WORDS = (
    "de la même semaine",
    "de la semaine précédente",
    *(f"{n} semaines avant" for n in range(2, 9)),
)
_WEEKS = [SelectChoice(str(number), words) for number, words in enumerate(_WEEK_WORDS)]
_WEEKDAYS = [SelectChoice(key, weekday_name(number).capitalize()) for key, number in WEEKDAY_KEYS.items()]
_TIME = "Indiquez l’heure limite, par exemple 09:00."


def late_field() -> EnumRadio:
    return EnumRadio(
        "Une fois la limite passée",
        Outcome,
        "Choisissez ce qui se passe une fois la limite passée.",
        choices=[
            SelectChoice(Outcome.REFUSE.value, "Refuser"),
            SelectChoice(Outcome.ON_REQUEST.value, "Soumettre la demande à la structure"),
        ],
    )


def compare_field() -> EnumRadio:
    return EnumRadio(
        "À l’heure limite exactement", Compare, "Choisissez si l’heure limite est encore à temps."
    )


class RuleForm(StaffForm):
    """What every rule says: from when, and where the text comes from."""

    valid_from = PlainDateField(
        "En vigueur à partir du", [InputRequired("Indiquez le premier jour de validité.")]
    )
    source = LineField("Texte de référence", 200)
    looks = {"source": {"help": "Facultatif\u00a0: délibération, article du règlement intérieur."}}

    def ladder(self) -> Ladder:
        """Raises RuleError, with the path of what is wrong."""
        return ladder_from_data(self.rule_data())

    def rule_data(self) -> dict[str, Any]:
        return {
            "stages": [{"until": self.cutoff_data(), "outcome": Outcome.FREE.value}],
            "otherwise": self.late.data.value,
        }

    def cutoff_data(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def values_of(cls, cutoff: Mapping[str, Any]) -> dict[str, Any]:
        """What the fields hold when they start from the data of a cut-off."""
        return {}

    def refuse(self, refusal: Refused) -> None:
        path = refusal.path.removeprefix(STAGE) if isinstance(refusal, RuleError) else ""
        field = self.field_at(path)
        if field is None:
            super().refuse(refusal)
        else:
            reason = refusal.reason  # type: ignore[attr-defined]
            add_error(field, reason[:1].upper() + reason[1:])

    def field_at(self, path: str) -> Any:
        """The field that holds the value at a path of the rule, None when there is none."""
        return self._fields.get(path)


class BeforeForm(RuleForm):
    """« 2 jours avant, hors week-ends, 12 h »."""

    n = NumberField(
        "Nombre de jours avant", 0, 200, required="Indiquez un nombre de jours, 0 pour le jour même."
    )
    base = EnumSelect("Jours qui comptent", DayBase, "Choisissez les jours qui comptent.")
    minus_public_holidays = YesNo(
        "Les jours fériés comptent-ils\u00a0?",
        "Choisissez si les jours fériés comptent.",
        yes="Non, ils ne comptent pas",
        no="Oui, ils comptent",
    )
    minus_school_holidays = YesNo(
        "Les vacances scolaires comptent-elles\u00a0?",
        "Choisissez si les vacances scolaires comptent.",
        yes="Non, elles ne comptent pas",
        no="Oui, elles comptent",
    )
    clear_days = YesNo(
        "S’agit-il de jours francs\u00a0?", "Choisissez si les jours sont francs.", default="0"
    )
    time = ClockField("Heure limite", required=_TIME)
    compare = compare_field()
    late = late_field()
    looks = RuleForm.looks | {
        "n": {
            "help": "0\u00a0: le jour même. 1\u00a0: la veille. 2\u00a0: l’avant-veille.",
            "inputmode": "numeric",
        },
        "base": {"help": "Avec «\u00a0Du lundi au vendredi\u00a0», la veille du lundi est le vendredi."},
        "clear_days": {
            "help": "Jours francs\u00a0: le jour de la limite et celui du service ne comptent pas.",
            "look": "choice",
        },
        "time": {"help": "Heure de Paris. 24:00 pour la fin de la journée."},
    }

    def cutoff_data(self) -> dict[str, Any]:
        return {
            "form": "before",
            "n": self.n.data,
            "set": {
                "base": self.base.data.value,
                "minus_public_holidays": self.minus_public_holidays.data,
                "minus_school_holidays": self.minus_school_holidays.data,
            },
            "time": self.time.data,
            "clear_days": self.clear_days.data,
            "compare": self.compare.data.value,
        }

    @classmethod
    def values_of(cls, cutoff: Mapping[str, Any]) -> dict[str, Any]:
        return {**cutoff["set"], **{key: cutoff[key] for key in ("n", "time", "clear_days", "compare")}}


class _Place(Form):
    """The day and the time of a limit, seen from the week of the service."""

    day = SelectField(
        "Limite le",
        choices=[SelectChoice("", "Fermé\u00a0: pas de service"), *_WEEKDAYS],
        validate_choice=False,
    )
    weeks_before = SelectField("Quelle semaine", choices=_WEEKS, coerce=int, default=1, validate_choice=False)
    time = ClockField("Heure limite", default="")

    def validate_time(self, field: ClockField) -> None:
        if self.day.data and not field.data:
            raise ValidationError(_TIME)

    def place(self) -> tuple[str, int, str]:
        return self.day.data, self.weeks_before.data, self.time.data


def _weekday_field(weekday: int) -> FormField:
    return FormField(_Place, label=f"Service du {weekday_name(weekday)}")


class WeekdayMapForm(RuleForm):
    """« Pour le lundi et le mardi, jusqu’au vendredi de la semaine précédente, 9 h »: a table by weekday."""

    mon = _weekday_field(0)
    tue = _weekday_field(1)
    wed = _weekday_field(2)
    thu = _weekday_field(3)
    fri = _weekday_field(4)
    sat = _weekday_field(5)
    sun = _weekday_field(6)
    compare = compare_field()
    late = late_field()

    def _entries(self) -> dict[tuple[str, int, str], list[str]]:
        """Weekdays that share one limit are said together."""
        groups: dict[tuple[str, int, str], list[str]] = {}
        for key in WEEKDAY_KEYS:
            if self[key].form.day.data:
                groups.setdefault(self[key].form.place(), []).append(key)
        return groups

    def cutoff_data(self) -> dict[str, Any]:
        entries = [
            {"for": weekdays, "day": day, "weeks_before": weeks_before, "time": time}
            for (day, weeks_before, time), weekdays in self._entries().items()
        ]
        return {"form": "weekday_map", "entries": entries, "compare": self.compare.data.value}

    def field_at(self, path: str) -> Any:
        if path == "entries":
            return self.mon.form.day
        found = _ENTRY.fullmatch(path)
        if not found:
            return super().field_at(path)
        first_weekday = list(self._entries().values())[int(found[1])][0]
        place = self[first_weekday].form
        return place._fields.get(found[2], place.day)

    @classmethod
    def values_of(cls, cutoff: Mapping[str, Any]) -> dict[str, Any]:
        places = {
            weekday: {key: entry[key] for key in ("day", "weeks_before", "time")}
            for entry in cutoff["entries"]
            for weekday in entry["for"]
        }
        return places | {"compare": cutoff["compare"]}


class WeekCutoffForm(RuleForm):
    """« Jusqu’au jeudi de la semaine précédente, 12 h » for every day of a week."""

    day = SelectField(
        "Jour de la limite", [InputRequired("Choisissez le jour de la limite.")], choices=_WEEKDAYS
    )
    weeks_before = SelectField("Quelle semaine", choices=_WEEKS, coerce=int, default=1, validate_choice=False)
    time = ClockField("Heure limite", required=_TIME)
    compare = compare_field()
    late = late_field()

    def cutoff_data(self) -> dict[str, Any]:
        return {
            "form": "week_cutoff",
            "day": self.day.data,
            "weeks_before": self.weeks_before.data,
            "time": self.time.data,
            "compare": self.compare.data.value,
        }

    @classmethod
    def values_of(cls, cutoff: Mapping[str, Any]) -> dict[str, Any]:
        return {key: cutoff[key] for key in ("day", "weeks_before", "time", "compare")}


class AlwaysForm(RuleForm):
    """No limit at all."""

    def rule_data(self) -> dict[str, Any]:
        return {"stages": [], "otherwise": Outcome.FREE.value}


class NeverForm(RuleForm):
    """Never free: refused, or always put to the structure."""

    late = EnumRadio(
        "À une demande, le portail répond",
        Outcome,
        "Choisissez la réponse du portail.",
        choices=[
            SelectChoice(Outcome.REFUSE.value, "Non, ce n’est pas possible en ligne"),
            SelectChoice(Outcome.ON_REQUEST.value, "La demande est soumise à la structure"),
        ],
    )

    def rule_data(self) -> dict[str, Any]:
        return {"stages": [], "otherwise": self.late.data.value}


# Slug in the address → form, its name, an example.
SHAPES: Mapping[str, tuple[type[RuleForm], str, str]] = {
    "jours-avant": (BeforeForm, "Un nombre de jours avant", "la veille avant 10\u00a0h, hors week-ends"),
    "tableau": (WeekdayMapForm, "Un tableau par jour", "vendredi 9\u00a0h pour le lundi et le mardi"),
    "semaine": (WeekCutoffForm, "Une limite pour la semaine", "jeudi midi pour toute la semaine suivante"),
    "toujours": (AlwaysForm, "Sans limite", "jusqu’au dernier moment"),
    "jamais": (NeverForm, "Pas en ligne", "toujours refusé, ou toujours sur demande"),
}
_SHAPE_OF_FORM = {
    "before": "jours-avant",
    "weekday_map": "tableau",
    "week_cutoff": "semaine",
    "always": "toujours",
    "never": "jamais",
}


def shape_of(rule: Mapping[str, Any]) -> str:
    """The slug of the form that can hold this rule; the first stage alone is taken."""
    if rule["stages"]:
        return _SHAPE_OF_FORM[rule["stages"][0]["until"]["form"]]
    return "toujours" if rule["otherwise"] == Outcome.FREE else "jamais"


def holds(rule: Mapping[str, Any], shape: str) -> bool:
    """Whether the form of `shape` can say this whole rule: nothing is lost by going through its fields."""
    stages = rule["stages"]
    if len(stages) > 1 or any(stage["outcome"] != Outcome.FREE for stage in stages):
        return False
    if shape_of(rule) != shape or (stages and rule["otherwise"] == Outcome.FREE):
        return False
    form = SHAPES[shape][0](formdata=None, data=values_of_rule(rule, shape))
    return _said_by(form.ladder(), shape) == _said_by(ladder_from_data(rule), shape)


def _said_by(ladder: Ladder, shape: str) -> dict[str, Any]:
    return values_of_rule(ladder_to_data(ladder), shape)


def values_of_rule(rule: Mapping[str, Any], shape: str) -> dict[str, Any]:
    """What the fields of `shape` hold when they start from this rule; see `holds` first."""
    if shape_of(rule) != shape:
        return {}
    late = rule["otherwise"] if rule["otherwise"] != Outcome.FREE else None
    cutoff = SHAPES[shape][0].values_of(rule["stages"][0]["until"]) if rule["stages"] else {}
    return {**cutoff, "late": late}


# --- Prices -------------------------------------------------------------------------------------


class BoundField(StringField):
    """A bound of quotient: « 700 », « 700,5 »; `data` is a Decimal, None when left empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"\s", "", valuelist[0] if valuelist else "")
        self.data = None
        if not text:
            return
        if not _BOUND.fullmatch(text):
            raise ValueError("Indiquez un quotient en chiffres, par exemple 700.")
        self.data = Decimal(text.replace(",", "."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:f}".replace(".", ",")


class BracketForm(Form):
    """One bracket: it starts where the one before ends."""

    upper = BoundField("Quotient jusqu’à")
    upper_included = BooleanField("compris", default=True)
    cents = EurosField("Prix (€)")

    def is_empty(self) -> bool:
        return not any("".join(self[name].raw_data or []).strip() for name in ("upper", "cents"))

    def validate_cents(self, field: EurosField) -> None:
        if not self.is_empty() and field.data is None and not field.errors:
            raise ValidationError("Indiquez le prix de cette tranche, par exemple 3,20.")


class TariffForm(StaffForm):
    """The prices of both residencies; rows left empty count for nothing."""

    version = LineField("Nom de cette version", 60, required="Indiquez un nom, par exemple Tarif 2026-2027.")
    valid_from = PlainDateField(
        "En vigueur à partir du", [InputRequired("Indiquez le premier jour de validité.")]
    )
    source = LineField("Texte de référence", 200)
    resident = FieldList(FormField(BracketForm))
    resident_unknown = EurosField("Prix (€) quand le quotient n’est pas connu")
    same_prices = BooleanField("Les non-résidents paient les mêmes prix")
    non_resident = FieldList(FormField(BracketForm))
    non_resident_unknown = EurosField("Prix (€) quand le quotient n’est pas connu")

    def table(self) -> PriceTable:
        """Raises RuleError `bad_table` with every fault of the table, in French."""
        resident = self._row(self.resident, self.resident_unknown)
        non_resident = (
            resident if self.same_prices.data else self._row(self.non_resident, self.non_resident_unknown)
        )
        rows = {Residency.RESIDENT: resident, Residency.NON_RESIDENT: non_resident}
        table = PriceTable(self.version.data, self.valid_from.data, None, rows)
        faults = check_table(table)
        if faults:
            raise RuleError("bad_table", " ".join(faults))
        return table

    @staticmethod
    def _row(entries: FieldList, unknown: EurosField) -> PriceRow:
        brackets: list[Bracket] = []
        for form in (entry.form for entry in entries if not entry.form.is_empty()):
            former = brackets[-1] if brackets else None
            brackets.append(
                Bracket(
                    lower=former.upper if former else None,
                    lower_included=former is not None
                    and former.upper is not None
                    and not former.upper_included,
                    upper=form.upper.data,
                    upper_included=form.upper.data is not None and form.upper_included.data,
                    cents=form.cents.data,
                )
            )
        return PriceRow(tuple(brackets), unknown.data)

    def validate_resident(self, field: FieldList) -> None:
        _check_rows(field)

    def validate_non_resident(self, field: FieldList) -> None:
        if not self.same_prices.data:
            _check_rows(field)

    def validate_resident_unknown(self, field: EurosField) -> None:
        _require_unknown(field)

    def validate_non_resident_unknown(self, field: EurosField) -> None:
        if not self.same_prices.data:
            _require_unknown(field)

    def add_rows(self) -> None:
        """Make room for more brackets, as many for both."""
        for entries in (self.resident, self.non_resident):
            for _ in range(min(EMPTY_ROWS, MOST_ROWS - len(entries))):
                entries.append_entry()


def _check_rows(entries: FieldList) -> None:
    typed = [entry.form for entry in entries if not entry.form.is_empty()]
    if not typed:
        add_error(entries[0].form.cents, "Indiquez au moins un prix.")
    for form in typed[:-1]:
        if form.upper.data is None and not form.upper.errors:
            add_error(
                form.upper, "Indiquez la borne de cette tranche\u00a0: seule la dernière reste sans borne."
            )
    if any(form.errors for form in typed) or not typed:
        raise ValidationError("Corrigez les tranches.")


def _require_unknown(field: EurosField) -> None:
    if field.data is None and not field.errors:
        raise ValidationError("Indiquez le prix payé quand le quotient n’est pas connu.")


def values_of_table(table: PriceTable) -> dict[str, Any]:
    """What the fields hold when they start from a table."""
    resident, non_resident = table.rows.get(Residency.RESIDENT), table.rows.get(Residency.NON_RESIDENT)
    same = resident == non_resident
    return {
        "same_prices": same,
        **_row_values("resident", resident),
        **({} if same else _row_values("non_resident", non_resident)),
    }


def _row_values(name: str, row: PriceRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {name: list(_bracket_values(row.brackets)), f"{name}_unknown": row.unknown_cents}


def _bracket_values(brackets: Iterable[Bracket]) -> Iterator[dict[str, Any]]:
    for bracket in brackets:
        yield {"upper": bracket.upper, "upper_included": bracket.upper_included, "cents": bracket.cents}


def suggested_start(today: date, school_year_start: date, has_versions: bool) -> date:
    """The first version holds for the whole school year; the next ones never change the past."""
    return date.fromordinal(today.toordinal() + 1) if has_versions else school_year_start
