"""Guided forms of the règlement: limits in stages (P2, P3), prices by quotient and residence (P4).

They turn what is typed into the pieces of `domain.rulebook`; a fault that the règlement finds is shown at the
field that caused it. Fields bear the words of the rulebook file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
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

from blueprints.shared.fields import PlainDateField
from blueprints.staff.families.forms import StaffForm, add_error
from blueprints.staff.fields import ClockField, EnumRadio, EnumSelect, EurosField, NumberField, YesNo
from domain.enums import Outcome
from domain.errors import Refused, RuleError
from domain.french import WEEKDAYS, spaced
from domain.rulebook.days import Base, Compare
from domain.rulebook.guided_limits import GuidedLimit, GuidedStage
from domain.rulebook.guided_prices import Bracket, GuidedPrices, PriceRow
from domain.rulebook.tree import Fault, Tree
from domain.rulebook.wording.text import capital

EMPTY_ROWS = 4
MOST_ROWS = 30
MOST_STAGES = 4
_BOUND = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,2})?")
_IN_LADDER = re.compile(r"activites\.\w+\.delais\[\d+\]\.(?:etapes\[(\d+)\]\.jusqu_a\.?)?(.*)")
_ENTRY = re.compile(r"entrees\[(\d+)\](?:\.(\w+))?")
_WEEK_WORDS = (
    "de la même semaine",
    "de la semaine précédente",
    *(f"{n} semaines avant" for n in range(2, 9)),
)
_WEEKS = [SelectChoice(str(number), words) for number, words in enumerate(_WEEK_WORDS)]
_WEEKDAYS = [SelectChoice(word, word.capitalize()) for word in WEEKDAYS]
_TIME = "Indiquez l’heure limite, par exemple 09:00."
_CLOCK_HELP = {"help": "Heure de Paris. 24:00 pour la fin de la journée."}


def _choices(words: Mapping[StrEnum, str]) -> list[SelectChoice]:
    return [SelectChoice(member.value, text) for member, text in words.items()]


_BASES = _choices(
    {
        Base.ALL: "Tous les jours",
        Base.MON_FRI: "Du lundi au vendredi",
        Base.MON_SAT: "Du lundi au samedi",
        Base.SCHOOL: "Jours d’école",
        Base.OPEN: "Jours d’ouverture de l’activité",
        Base.OFFICE: "Jours d’ouverture de la mairie",
    }
)
_COMPARES = _choices(
    {
        Compare.UNTIL: "L’heure limite est encore à temps",
        Compare.MINUTE: "Toute la minute de l’heure limite est à temps",
        Compare.BEFORE: "L’heure limite est déjà trop tard",
    }
)
_UNTIL = _choices(
    {
        Outcome.FREE: "Oui",
        Outcome.EXTRA: "Oui, avec un supplément",
        Outcome.ON_REQUEST: "La demande est soumise à la structure",
    }
)
_AFTER = _choices(
    {
        Outcome.REFUSE: "Refuser",
        Outcome.ON_REQUEST: "Soumettre la demande à la structure",
        Outcome.EXTRA: "Accepter avec un supplément",
    }
)


def _extra_field() -> EurosField:
    return EurosField("Supplément (€)")


_EXTRA_HELP = {"help": "Ajouté au prix. À remplir seulement avec un supplément.", "inputmode": "decimal"}


def _require_extra(outcome: Any, extra: EurosField) -> None:
    """An amount exactly when the answer is « avec un supplément »."""
    if outcome.data is Outcome.EXTRA and extra.data is None and not extra.errors:
        raise ValidationError("Indiquez le montant du supplément, par exemple 2,00.")


def _extra_of(outcome: Outcome, extra: EurosField) -> int | None:
    return extra.data if outcome is Outcome.EXTRA else None


# --- The fields of each form of limit -------------------------------------------------------------


class DaysBeforeFields:
    """« 2 jours avant, hors week-ends, 12 h »."""

    jours = NumberField(
        "Nombre de jours avant", 0, 200, required="Indiquez un nombre de jours, 0 pour le jour même."
    )
    base = EnumSelect("Jours qui comptent", Base, "Choisissez les jours qui comptent.", choices=_BASES)
    sans_feries = YesNo(
        "Les jours fériés comptent-ils\u00a0?",
        "Choisissez si les jours fériés comptent.",
        yes="Non, ils ne comptent pas",
        no="Oui, ils comptent",
    )
    sans_vacances = YesNo(
        "Les vacances scolaires comptent-elles\u00a0?",
        "Choisissez si les vacances scolaires comptent.",
        yes="Non, elles ne comptent pas",
        no="Oui, elles comptent",
    )
    francs = YesNo("S’agit-il de jours francs\u00a0?", "Choisissez si les jours sont francs.", default="0")
    heure = ClockField("Heure limite", required=_TIME)
    limite = EnumRadio(
        "À l’heure limite exactement", Compare, "Choisissez si l’heure limite est encore à temps.",
        choices=_COMPARES,
    )  # fmt: skip
    limit_looks = {
        "jours": {
            "help": "0\u00a0: le jour même. 1\u00a0: la veille. 2\u00a0: l’avant-veille.",
            "inputmode": "numeric",
        },
        "base": {"help": "Avec «\u00a0Du lundi au vendredi\u00a0», la veille du lundi est le vendredi."},
        "francs": {
            "help": "Jours francs\u00a0: le jour de la limite et celui du service ne comptent pas.",
            "look": "choice",
        },
        "heure": _CLOCK_HELP,
    }

    def cutoff(self) -> dict[str, Tree]:
        return {
            "forme": "jours_avant",
            "jours": str(self.jours.data),
            "compte": {
                "base": self.base.data.value,
                "sans_feries": _yes_no(self.sans_feries),
                "sans_vacances": _yes_no(self.sans_vacances),
            },
            "francs": _yes_no(self.francs),
            "heure": self.heure.data,
            "limite": self.limite.data.value,
        }

    @staticmethod
    def values_of(cutoff: Mapping[str, Any]) -> dict[str, Any]:
        answers = {**cutoff["compte"], "francs": cutoff["francs"]}
        base = answers.pop("base")
        return {
            "jours": int(cutoff["jours"]),
            "base": base,
            "heure": cutoff["heure"],
            "limite": cutoff["limite"],
            **{word: answer == "oui" for word, answer in answers.items()},
        }

    def field_at(self, path: str) -> Any:
        return self.base if path.startswith("compte") else self._fields.get(path)


def _yes_no(field: YesNo) -> str:
    return "oui" if field.data else "non"


class _Place(Form):
    """The day and the time of a limit, seen from the week of the service."""

    jour = SelectField(
        "Limite le",
        choices=[SelectChoice("", "Fermé\u00a0: pas de service"), *_WEEKDAYS],
        validate_choice=False,
    )
    semaines_avant = SelectField(
        "Quelle semaine", choices=_WEEKS, coerce=int, default=1, validate_choice=False
    )
    heure = ClockField("Heure limite", default="")

    def validate_heure(self, field: ClockField) -> None:
        if self.jour.data and not field.data:
            raise ValidationError(_TIME)

    def place(self) -> tuple[str, str, str]:
        return self.jour.data, str(self.semaines_avant.data), self.heure.data


def _weekday_field(weekday: str) -> FormField:
    return FormField(_Place, label=f"Service du {weekday}")


class TableFields:
    """« Pour le lundi et le mardi, jusqu’au vendredi de la semaine précédente, 9 h »: a table by weekday."""

    lundi = _weekday_field("lundi")
    mardi = _weekday_field("mardi")
    mercredi = _weekday_field("mercredi")
    jeudi = _weekday_field("jeudi")
    vendredi = _weekday_field("vendredi")
    samedi = _weekday_field("samedi")
    dimanche = _weekday_field("dimanche")
    limite = EnumRadio(
        "À l’heure limite exactement", Compare, "Choisissez si l’heure limite est encore à temps.",
        choices=_COMPARES,
    )  # fmt: skip
    limit_looks: dict[str, dict[str, str]] = {}

    def _entries(self) -> dict[tuple[str, str, str], list[str]]:
        """Weekdays that share one limit are said together."""
        groups: dict[tuple[str, str, str], list[str]] = {}
        for weekday in WEEKDAYS:
            if self[weekday].form.jour.data:
                groups.setdefault(self[weekday].form.place(), []).append(weekday)
        return groups

    def cutoff(self) -> dict[str, Tree]:
        entries: list[Tree] = [
            {"pour": weekdays, "jour": day, "semaines_avant": weeks, "heure": clock}
            for (day, weeks, clock), weekdays in self._entries().items()
        ]
        return {"forme": "selon_le_jour", "entrees": entries, "limite": self.limite.data.value}

    @staticmethod
    def values_of(cutoff: Mapping[str, Any]) -> dict[str, Any]:
        places = {
            weekday: {
                "jour": entry["jour"],
                "semaines_avant": int(entry["semaines_avant"]),
                "heure": entry["heure"],
            }
            for entry in cutoff["entrees"]
            for weekday in ([entry["pour"]] if isinstance(entry["pour"], str) else entry["pour"])
        }
        return places | {"limite": cutoff["limite"]}

    def field_at(self, path: str) -> Any:
        if path == "entrees":
            return self.lundi.form.jour
        found = _ENTRY.fullmatch(path)
        if not found:
            return self._fields.get(path)
        first_weekday = list(self._entries().values())[int(found[1]) - 1][0]
        place = self[first_weekday].form
        return place._fields.get(found[2], place.jour)


class WeekFields:
    """« Jusqu’au jeudi de la semaine précédente, 12 h » for every day of a week."""

    jour = SelectField(
        "Jour de la limite", [InputRequired("Choisissez le jour de la limite.")], choices=_WEEKDAYS
    )
    semaines_avant = SelectField(
        "Quelle semaine", choices=_WEEKS, coerce=int, default=1, validate_choice=False
    )
    heure = ClockField("Heure limite", required=_TIME)
    limite = EnumRadio(
        "À l’heure limite exactement", Compare, "Choisissez si l’heure limite est encore à temps.",
        choices=_COMPARES,
    )  # fmt: skip
    limit_looks = {"heure": _CLOCK_HELP}

    def cutoff(self) -> dict[str, Tree]:
        return {
            "forme": "semaine",
            "jour": self.jour.data,
            "semaines_avant": str(self.semaines_avant.data),
            "heure": self.heure.data,
            "limite": self.limite.data.value,
        }

    @staticmethod
    def values_of(cutoff: Mapping[str, Any]) -> dict[str, Any]:
        same = {word: cutoff[word] for word in ("jour", "heure", "limite")}
        return same | {"semaines_avant": int(cutoff["semaines_avant"])}

    def field_at(self, path: str) -> Any:
        return self._fields.get(path)


# --- A limit in stages ----------------------------------------------------------------------------


class StageForm(Form):
    """One more limit: what is answered until then."""

    effet = EnumRadio(
        "Jusqu’à cette limite, la famille peut-elle agir\u00a0?", Outcome,
        "Choisissez la réponse jusqu’à cette limite.", choices=_UNTIL,
    )  # fmt: skip
    supplement = _extra_field()
    looks = {"supplement": _EXTRA_HELP}

    def validate_supplement(self, field: EurosField) -> None:
        _require_extra(self.effet, field)

    def stage(self) -> GuidedStage:
        outcome = self.effet.data
        return GuidedStage(self.cutoff(), outcome, _extra_of(outcome, self.supplement))

    @classmethod
    def values_of_stage(cls, stage: GuidedStage) -> dict[str, Any]:
        answer = {"effet": stage.outcome.value, "supplement": stage.extra_cents}
        return cls.values_of(stage.cutoff) | answer


class LimitForm(StaffForm):
    """What every limit says: from when, and what comes once all limits are passed."""

    ensuite = EnumRadio(
        "Une fois toutes les limites passées",
        Outcome,
        "Choisissez ce qui se passe une fois la limite passée.",
        choices=_AFTER,
    )
    supplement_ensuite = _extra_field()
    valid_from = PlainDateField(
        "En vigueur à partir du", [InputRequired("Indiquez le premier jour de validité.")]
    )
    looks = {"supplement_ensuite": _EXTRA_HELP}
    stage_names: tuple[str, ...] = ()

    def validate_supplement_ensuite(self, field: EurosField) -> None:
        _require_extra(self.ensuite, field)

    def stages(self) -> list[Any]:
        """The forms of the stages, in order."""
        return [self[name].form for name in self.stage_names]

    def limit(self) -> GuidedLimit:
        outcome = self.ensuite.data
        stages = tuple(form.stage() for form in self.stages())
        return GuidedLimit(stages, outcome, _extra_of(outcome, self.supplement_ensuite))

    @classmethod
    def values_of_limit(cls, limit: GuidedLimit) -> dict[str, Any]:
        """What the fields hold when they start from a limit of the right shape."""
        free_for_ever = limit.otherwise is Outcome.FREE
        stages = {
            name: getattr(cls, name).args[0].values_of_stage(stage)
            for name, stage in zip(cls.stage_names, limit.stages, strict=True)
        }
        late = {"ensuite": None if free_for_ever else limit.otherwise.value}
        return stages | late | {"supplement_ensuite": limit.extra_cents}

    def refuse(self, refusal: Refused) -> None:
        if isinstance(refusal, RuleError) and refusal.path == "supplements":
            add_error(self._extra_asked(), refusal.reason)
        else:
            super().refuse(refusal)

    def _extra_asked(self) -> EurosField:
        asking = (form.supplement for form in self.stages() if form.effet.data is Outcome.EXTRA)
        return next(asking, self.supplement_ensuite)

    def refuse_fault(self, fault: Fault) -> None:
        """Show what the règlement finds wrong where it was typed."""
        found = _IN_LADDER.fullmatch(fault.path)
        field = self._field_at(int(found[1]), found[2]) if found and found[1] else None
        if field is None:
            self.form_errors.append(str(fault) if found is None else _sentence(fault))
        else:
            add_error(field, _sentence(fault))

    def _field_at(self, rank: int, path: str) -> Any:
        forms = self.stages()
        return forms[rank - 1].field_at(path) if rank <= len(forms) else None


def _sentence(fault: Fault) -> str:
    return spaced(capital(fault.message))


class AlwaysForm(LimitForm):
    """No limit at all."""

    ensuite = None
    supplement_ensuite = None

    def limit(self) -> GuidedLimit:
        return GuidedLimit((), Outcome.FREE)


class NeverForm(LimitForm):
    """Never simply accepted: refused, put to the structure, or dearer."""

    ensuite = EnumRadio(
        "À une demande, le portail répond",
        Outcome,
        "Choisissez la réponse du portail.",
        choices=_choices(
            {
                Outcome.REFUSE: "Non, ce n’est pas possible en ligne",
                Outcome.ON_REQUEST: "La demande est soumise à la structure",
                Outcome.EXTRA: "Oui, avec un supplément",
            }
        ),
    )


class DaysBeforeStage(DaysBeforeFields, StageForm):
    pass


class TableStage(TableFields, StageForm):
    pass


class WeekStage(WeekFields, StageForm):
    pass


# Slug in the address → name, example.
SHAPES: Mapping[str, tuple[str, str]] = {
    "jours-avant": ("Un nombre de jours avant", "la veille avant 10\u00a0h, hors week-ends"),
    "tableau": ("Un tableau par jour", "vendredi 9\u00a0h pour le lundi et le mardi"),
    "semaine": ("Une limite pour la semaine", "jeudi midi pour toute la semaine suivante"),
    "toujours": ("Sans limite", "jusqu’au dernier moment"),
    "jamais": ("Pas en ligne", "toujours refusé, ou toujours sur demande"),
}
STAGES: Mapping[str, type[StageForm]] = {
    "jours-avant": DaysBeforeStage,
    "tableau": TableStage,
    "semaine": WeekStage,
}
_SLUGS = {"jours_avant": "jours-avant", "selon_le_jour": "tableau", "semaine": "semaine"}
_RANKS = ("Première", "Deuxième", "Troisième", "Quatrième")


@lru_cache(maxsize=64)
def limit_form(shape: str) -> type[LimitForm] | None:
    """The form of « toujours », « jamais », or of one to four limits: « semaine,jours-avant »; else None."""
    if shape in ("toujours", "jamais"):
        return AlwaysForm if shape == "toujours" else NeverForm
    slugs = shape.split(",")
    if len(slugs) > MOST_STAGES or any(slug not in STAGES for slug in slugs):
        return None
    names = tuple(f"etape{rank}" for rank in range(1, len(slugs) + 1))
    fields = {
        name: FormField(STAGES[slug], label=f"{_RANKS[rank]} limite" if len(slugs) > 1 else "La limite")
        for rank, (name, slug) in enumerate(zip(names, slugs, strict=True))
    }
    return type("StagedForm", (LimitForm,), {**fields, "stage_names": names})


def known_shape(limit: GuidedLimit | None) -> str | None:
    """The slug of the form that has a place for all of a limit; None when no form has."""
    return _shape_of(limit) if limit is not None and _holds(limit) else None


def _shape_of(limit: GuidedLimit) -> str:
    if limit.stages:
        return ",".join(_SLUGS[stage.cutoff["forme"]] for stage in limit.stages)
    return "toujours" if limit.otherwise is Outcome.FREE else "jamais"


def _holds(limit: GuidedLimit) -> bool:
    """Not too many stages, and no week further than the list of a form."""
    form = limit_form(_shape_of(limit))
    weeks = [weeks for stage in limit.stages for weeks in _weeks(stage.cutoff)]
    return form is not None and all(int(number) < len(_WEEKS) for number in weeks)


def _weeks(cutoff: Mapping[str, Any]) -> list[str]:
    return [one["semaines_avant"] for one in [cutoff, *cutoff.get("entrees", [])] if "semaines_avant" in one]


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

    valid_from = PlainDateField(
        "En vigueur à partir du", [InputRequired("Indiquez le premier jour de validité.")]
    )
    resident = FieldList(FormField(BracketForm))
    resident_unknown = EurosField("Prix (€) quand le quotient n’est pas connu")
    same_prices = BooleanField("Les non-résidents paient les mêmes prix")
    non_resident = FieldList(FormField(BracketForm))
    non_resident_unknown = EurosField("Prix (€) quand le quotient n’est pas connu")
    # False when the règlement itself says what an unknown quotient costs.
    asks_unknown = True

    def prices(self) -> GuidedPrices:
        resident = self._row(self.resident, self.resident_unknown)
        if self.same_prices.data:
            return GuidedPrices(resident, resident)
        return GuidedPrices(resident, self._row(self.non_resident, self.non_resident_unknown))

    @staticmethod
    def _row(entries: FieldList, unknown: EurosField) -> PriceRow:
        brackets = [
            Bracket(
                form.upper.data, form.upper.data is not None and form.upper_included.data, form.cents.data
            )
            for form in (entry.form for entry in entries)
            if not form.is_empty()
        ]
        return PriceRow(tuple(brackets), unknown.data)

    def validate_resident(self, field: FieldList) -> None:
        _check_rows(field)

    def validate_non_resident(self, field: FieldList) -> None:
        if not self.same_prices.data:
            _check_rows(field)

    def validate_resident_unknown(self, field: EurosField) -> None:
        self._require_unknown(field)

    def validate_non_resident_unknown(self, field: EurosField) -> None:
        if not self.same_prices.data:
            self._require_unknown(field)

    def _require_unknown(self, field: EurosField) -> None:
        if self.asks_unknown and field.data is None and not field.errors:
            raise ValidationError("Indiquez le prix payé quand le quotient n’est pas connu.")

    def add_rows(self) -> None:
        """Make room for more brackets, as many for both."""
        for entries in (self.resident, self.non_resident):
            for _ in range(min(EMPTY_ROWS, MOST_ROWS - len(entries))):
                entries.append_entry()

    def refuse_fault(self, fault: Fault) -> None:
        """Show what the règlement finds wrong, with its place in the text."""
        self.form_errors.append(_sentence(fault))


def _check_rows(entries: FieldList) -> None:
    typed = [entry.form for entry in entries if not entry.form.is_empty()]
    if not typed:
        add_error(entries[0].form.cents, "Indiquez au moins un prix.")
    _check_bounds(typed)
    if any(form.errors for form in typed) or not typed:
        raise ValidationError("Corrigez les tranches.")


def _check_bounds(typed: Sequence[BracketForm]) -> None:
    """Each bracket but the last has a bound, higher than the one before."""
    former: Decimal | None = None
    for form in typed:
        bound = form.upper.data
        if bound is None and form is not typed[-1] and not form.upper.errors:
            add_error(
                form.upper, "Indiquez la borne de cette tranche\u00a0: seule la dernière reste sans borne."
            )
        elif bound is not None and former is not None and bound <= former:
            add_error(form.upper, "Indiquez une borne plus haute que celle de la tranche précédente.")
        former = bound if bound is not None else former
    if typed and typed[-1].upper.data is not None and not typed[-1].upper.errors:
        add_error(
            typed[-1].upper, "Laissez vide la borne de la dernière tranche\u00a0: elle va aux plus hauts."
        )


def values_of_prices(prices: GuidedPrices) -> dict[str, Any]:
    """What the fields hold when they start from these prices."""
    same = prices.resident == prices.non_resident
    return {
        "same_prices": same,
        **_row_values("resident", prices.resident),
        **({} if same else _row_values("non_resident", prices.non_resident)),
    }


def _row_values(name: str, row: PriceRow) -> dict[str, Any]:
    return {name: list(_bracket_values(row.brackets)), f"{name}_unknown": row.unknown_cents}


def _bracket_values(brackets: Iterable[Bracket]) -> Iterator[dict[str, Any]]:
    for bracket in brackets:
        included = bracket.upper_included or bracket.upper is None
        yield {"upper": bracket.upper, "upper_included": included, "cents": bracket.cents}


def suggested_start(today: date, school_year_start: date, has_versions: bool) -> date:
    """The first version holds for the whole school year; the next ones never change the past."""
    return date.fromordinal(today.toordinal() + 1) if has_versions else school_year_start
