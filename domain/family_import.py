"""Families in a spreadsheet (R07): what a column means, what is wrong with a line, what a file would change.

One line is one child with its household. Reading gives sound lines and anomalies, each an instruction in
French at a line and a column; comparing them with what the portal knows gives a plan. Nothing here writes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from domain.calendar import parse_day, school_year
from domain.enums import Residency, SchoolLevel, Sex, SocialFund
from domain.errors import Refused
from domain.french import NBSP, format_date
from domain.labels import label
from domain.people import fold

OLDEST_YEARS = 26  # a child born earlier is a slip of the keyboard
MOST_LINES = 5000
_QUOTIENT = re.compile(r"([0-9]{1,5})(?:[,.]([0-9]{1,2}))?")
_SCHOOL_YEAR = re.compile(r"(20[0-9]{2})(?:\s*[-/]\s*(20[0-9]{2}))?")


class ImportPart(StrEnum):
    """Whose value a column holds."""

    HOUSEHOLD = "household"
    FIRST_ADULT = "adult1"
    SECOND_ADULT = "adult2"
    CHILD = "child"
    SCHOOLING = "schooling"
    QUOTIENT = "quotient"


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file. `length`: the longest text that the portal stores."""

    part: ImportPart
    name: str
    title: str
    help: str
    example: str
    is_required: bool = False
    length: int = 200


_H, _C = ImportPart.HOUSEHOLD, ImportPart.CHILD


def _adult(part: ImportPart, number: int, example: Sequence[str]) -> tuple[ImportColumn, ...]:
    words = (
        ("first_name", "prénom", "Laissez vide s’il n’y a pas de second adulte." if number == 2 else "", 80),
        ("last_name", "nom", "Vide\u00a0: le nom du foyer.", 80),
        ("email", "mail", "Facultatif. Chaque adulte a le sien\u00a0; il servira à ouvrir son accès.", 254),
        ("mobile_phone", "mobile", "Facultatif.", 30),
        ("home_phone", "téléphone domicile", "Facultatif.", 30),
        ("work_phone", "téléphone travail", "Facultatif.", 30),
    )
    return tuple(
        ImportColumn(
            part,
            name,
            f"Adulte {number} {title}",
            help_text,
            shown,
            is_required=number == 1 and name == "first_name",
            length=length,
        )
        for (name, title, help_text, length), shown in zip(words, example, strict=True)
    )


COLUMNS: tuple[ImportColumn, ...] = (
    ImportColumn(
        _H, "key", "Clé du foyer",
        "Le numéro du foyer dans votre ancien logiciel, ou tout repère, le même pour chaque enfant du foyer.",
        "F0001", is_required=True, length=80,
    ),
    ImportColumn(_H, "name", "Nom du foyer", "", "SOLIGNAC", is_required=True, length=120),
    ImportColumn(_H, "address", "Adresse", "Facultatif.", "12 rue Nationale"),
    ImportColumn(_H, "address_extra", "Complément d’adresse", "Facultatif.", "Bâtiment B"),
    ImportColumn(_H, "postcode", "Code postal", "Facultatif. Cinq chiffres.", "46000", length=10),
    ImportColumn(_H, "city", "Ville", "Facultatif.", "Cahors", length=100),
    ImportColumn(
        _H, "residency", "Habite la commune", "oui ou non\u00a0: le tarif en dépend.", "oui", is_required=True
    ),
    ImportColumn(_H, "social_fund", "Caisse d’allocations", "Facultatif. CAF, MSA ou Autre régime.", "CAF"),
    ImportColumn(
        _H, "beneficiary_number", "Numéro d’allocataire", "Facultatif.", "1234567", length=20
    ),
    *_adult(
        ImportPart.FIRST_ADULT, 1,
        ("Claire", "SOLIGNAC", "claire.solignac@exemple.fr", "06 12 34 56 78", "", "05 65 00 00 00"),
    ),
    *_adult(
        ImportPart.SECOND_ADULT, 2, ("Marc", "SOLIGNAC", "marc.solignac@exemple.fr", "06 98 76 54 32", "", "")
    ),
    ImportColumn(_C, "first_name", "Enfant prénom", "", "Léo", is_required=True, length=80),
    ImportColumn(_C, "last_name", "Enfant nom", "Vide\u00a0: le nom du foyer.", "SOLIGNAC", length=80),
    ImportColumn(
        _C, "birth_date", "Enfant date de naissance", "Jour, mois, année.", "04/05/2019", is_required=True
    ),
    ImportColumn(_C, "sex", "Enfant sexe", "Facultatif. Fille ou Garçon.", "Garçon"),
    ImportColumn(
        ImportPart.SCHOOLING, "school", "École", "Facultatif. Le nom d’une structure du portail.",
        "École Zola",
    ),
    ImportColumn(
        ImportPart.SCHOOLING, "level", "Niveau",
        "Avec l’école. TPS, PS, MS, GS, CP, CE1, CE2, CM1, CM2 ou ULIS.", "CP",
    ),
    ImportColumn(
        ImportPart.SCHOOLING, "class_name", "Classe", "Facultatif. Elle est créée si elle n’existe pas.",
        "CP de Mme Faure", length=80,
    ),
    ImportColumn(
        ImportPart.SCHOOLING, "school_year", "Année scolaire", "Vide\u00a0: l’année en cours.", "2026-2027"
    ),
    ImportColumn(ImportPart.QUOTIENT, "value_hundredths", "Quotient familial", "Facultatif.", "622,50"),
    ImportColumn(
        ImportPart.QUOTIENT, "valid_from", "Quotient à partir du", "Avec le quotient.", "01/01/2027"
    ),
    ImportColumn(
        _C, "diet", "Régime alimentaire", "Facultatif. Un régime de la liste de la commune.", "Sans porc",
        length=80,
    ),
)  # fmt: skip
_BY_FOLDED_TITLE = {fold(column.title): column for column in COLUMNS}
_BY_NAME = {(column.part, column.name): column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Anomaly:
    """`column` is the title of the column, empty for the whole line."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportLine:
    """A sound line. Each part holds only what is filled in, under the names of the portal's own columns."""

    line: int
    key: str
    household: Mapping[str, Any]
    adults: tuple[Mapping[str, Any], ...]
    child: Mapping[str, Any]
    schooling: Mapping[str, Any]
    quotient: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What the town has: schools and diets by folded name. `phone` and `email` give the stored form of a
    number or an address, None for an impossible one.
    """

    schools: Mapping[str, int]
    diets: Mapping[str, str]
    today: date
    phone: Callable[[str], str | None]
    email: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """`total`: lines that hold something; `ignored`: titles of columns that the portal does not import."""

    lines: tuple[ImportLine, ...]
    anomalies: tuple[Anomaly, ...]
    ignored: tuple[str, ...]
    total: int


def person_key(values: Mapping[str, Any]) -> str:
    """How two writings of one name meet."""
    return fold(f"{values['first_name']} {values['last_name']}")


def child_key(values: Mapping[str, Any]) -> tuple[str, date]:
    return person_key(values), values["birth_date"]


# --- Reading --------------------------------------------------------------------------------------


def read(table: Sequence[Sequence[str]], known: Known) -> Reading:
    """Check every line of a file whose first line holds the titles.

    Raises Refused `import_columns` when a needed column is missing or stands twice, `import_empty`,
    `import_too_long`.
    """
    titles, ignored = _titles(table)
    rows = [
        (number, dict(zip(titles, row, strict=False)))
        for number, row in enumerate(table[1:], 2)
        if any(cell.strip() for cell in row)
    ]
    if not rows:
        raise Refused(
            "import_empty", "Ce fichier n’a aucune ligne sous les titres\u00a0: ajoutez les enfants."
        )
    if len(rows) > MOST_LINES:
        raise Refused(
            "import_too_long",
            f"Ce fichier a plus de {MOST_LINES} lignes\u00a0: séparez-le en plusieurs fichiers.",
        )
    lines, anomalies = [], []
    for number, row in rows:
        reader = _LineReader(number, {key: value for key, value in row.items() if key}, known)
        made = reader.line()
        anomalies += reader.anomalies
        if made is not None:
            lines.append(made)
    lines, crossed = _check_between(lines)
    return Reading(
        tuple(lines), tuple(sorted([*anomalies, *crossed], key=lambda one: one.line)), ignored, len(rows)
    )


def _titles(table: Sequence[Sequence[str]]) -> tuple[list[ImportColumn | None], tuple[str, ...]]:
    first = table[0] if table else ()
    titles = [_BY_FOLDED_TITLE.get(fold(title)) for title in first]
    found = [column for column in titles if column]
    missing = [column.title for column in COLUMNS if column.is_required and column not in found]
    if missing:
        raise Refused(
            "import_columns",
            f"Il manque la colonne «{NBSP}{missing[0]}{NBSP}»\u00a0: partez du modèle à télécharger, "
            "ses titres sont sur la première ligne.",
        )
    twice = [column.title for column in found if found.count(column) > 1]
    if twice:
        raise Refused(
            "import_columns", f"La colonne «{NBSP}{twice[0]}{NBSP}» est là deux fois\u00a0: gardez-en une."
        )
    ignored = [title.strip() for title, column in zip(first, titles, strict=True) if not column]
    return titles, tuple(title for title in ignored if title)


class _Wrong(ValueError):
    """What is typed cannot be taken; the text is the instruction."""


class _LineReader:
    """One line becomes an `ImportLine`, or anomalies."""

    def __init__(self, number: int, cells: Mapping[ImportColumn, str], known: Known) -> None:
        self.number, self.known, self.anomalies = number, known, list[Anomaly]()
        self.cells = {(column.part, column.name): " ".join(text.split()) for column, text in cells.items()}

    def line(self) -> ImportLine | None:
        parts = {part: self._part(part) for part in ImportPart}
        household, child = parts[ImportPart.HOUSEHOLD], parts[ImportPart.CHILD]
        adults = self._adults(parts, household.get("name", ""))
        child.setdefault("last_name", household.get("name", ""))
        schooling = self._schooling(parts[ImportPart.SCHOOLING])
        quotient = parts[ImportPart.QUOTIENT]
        if len(quotient) == 1:
            lacking = "valid_from" if "value_hundredths" in quotient else "value_hundredths"
            if not self._is_noted(ImportPart.QUOTIENT, lacking):
                self._note(ImportPart.QUOTIENT, lacking, "Indiquez le quotient et le jour où il commence.")
        if self.anomalies:
            return None
        key = household.pop("key")
        return ImportLine(self.number, key, household, adults, child, schooling, quotient)

    def _part(self, part: ImportPart) -> dict[str, Any]:
        return {
            column.name: value
            for column in COLUMNS
            if column.part is part and (value := self._value(column)) is not None
        }

    def _value(self, column: ImportColumn) -> Any:
        text = self.cells.get((column.part, column.name), "")
        if not text:
            if column.is_required:
                self._note(column.part, column.name, "Remplissez cette case.")
            return None
        try:
            if len(text) > column.length:
                raise _Wrong(f"Raccourcissez à {column.length} caractères.")
            convert = _CONVERTERS.get(column.name)
            return convert(text, self.known) if convert else text
        except _Wrong as wrong:
            self._note(column.part, column.name, str(wrong))
            return None

    def _adults(self, parts: Mapping[ImportPart, dict[str, Any]], name: str) -> tuple[dict[str, Any], ...]:
        adults = []
        for part in (ImportPart.FIRST_ADULT, ImportPart.SECOND_ADULT):
            adult = parts[part]
            if not adult:
                continue
            if "first_name" not in adult and part is ImportPart.SECOND_ADULT:
                self._note(part, "first_name", "Indiquez le prénom du second adulte, ou videz ses cases.")
            adults.append({"last_name": name} | adult)
        named = [adult for adult in adults if "first_name" in adult]
        if len(named) == 2 and person_key(named[0]) == person_key(named[1]):
            self._note(
                ImportPart.SECOND_ADULT, "first_name", "Les deux adultes ont le même nom\u00a0: gardez-en un."
            )
        return tuple(adults)

    def _schooling(self, schooling: dict[str, Any]) -> dict[str, Any]:
        given = schooling.keys() - {"school_year"}
        if not given:
            return {}
        for name in ("school", "level"):
            if name not in schooling and not self._is_noted(ImportPart.SCHOOLING, name):
                self._note(
                    ImportPart.SCHOOLING,
                    name,
                    "Indiquez l’école et le niveau, ou videz les cases de l’école.",
                )
        return {"school_year": school_year(self.known.today)[0].year} | schooling

    def _is_noted(self, part: ImportPart, name: str) -> bool:
        return any(one.column == _BY_NAME[part, name].title for one in self.anomalies)

    def _note(self, part: ImportPart, name: str, message: str) -> None:
        self.anomalies.append(Anomaly(self.number, _BY_NAME[part, name].title, message))


def _day(text: str, _known: Known) -> date:
    day = parse_day(text)
    if day is not None:
        return day
    raise _Wrong("Indiquez une date qui existe, par exemple 04/05/2019.")


def _birth_date(text: str, known: Known) -> date:
    day = _day(text, known)
    if day > known.today:
        raise _Wrong("Indiquez une date de naissance qui n’est pas dans le futur.")
    if day.year < known.today.year - OLDEST_YEARS:
        raise _Wrong("Vérifiez l’année de naissance\u00a0: elle est trop ancienne pour un enfant.")
    return day


def _postcode(text: str, _known: Known) -> str:
    figures = text.replace(" ", "")
    if re.fullmatch(r"[0-9]{4}", figures):  # a spreadsheet dropped the zero of 01000
        figures = f"0{figures}"
    if not re.fullmatch(r"[0-9]{5}", figures):
        raise _Wrong("Indiquez un code postal de cinq chiffres, par exemple 46000.")
    return figures


def _phone(text: str, known: Known) -> str:
    if re.fullmatch(r"[1-9][0-9]{8}", text):  # a spreadsheet dropped the zero of 06…
        text = f"0{text}"
    number = known.phone(text)
    if number is None:
        raise _Wrong("Indiquez un numéro complet, par exemple 06 12 34 56 78.")
    return number


def _email(text: str, known: Known) -> str:
    address = known.email(text)
    if address is None:
        raise _Wrong("Indiquez une adresse complète, par exemple nom@exemple.fr.")
    return address


def _residency(text: str, _known: Known) -> Residency:
    answers = {"oui": Residency.RESIDENT, "non": Residency.NON_RESIDENT}
    answers |= {fold(label(one)): one for one in Residency}
    return _chosen(answers, text, "Écrivez oui ou non.")


def _sex(text: str, _known: Known) -> Sex:
    answers = {"f": Sex.FEMALE, "g": Sex.MALE, "m": Sex.MALE} | {fold(label(one)): one for one in Sex}
    return _chosen(answers, text, "Écrivez Fille ou Garçon.")


def _social_fund(text: str, _known: Known) -> SocialFund:
    answers = {fold(label(one)): one for one in SocialFund} | {"autre": SocialFund.OTHER}
    return _chosen(answers, text, "Écrivez CAF, MSA ou Autre régime.")


def _level(text: str, _known: Known) -> SchoolLevel:
    answers = {fold(one.value): one for one in SchoolLevel}
    return _chosen(answers, text, "Écrivez TPS, PS, MS, GS, CP, CE1, CE2, CM1, CM2 ou ULIS.")


def _school(text: str, known: Known) -> int:
    return _chosen(
        known.schools, text, "Aucune structure du portail ne porte ce nom\u00a0: corrigez-le, ou créez-la."
    )


def _diet(text: str, known: Known) -> str:
    return _chosen(known.diets, text, "Ce régime n’est pas dans la liste de la commune\u00a0: corrigez-le.")


def _chosen(answers: Mapping[str, Any], text: str, instruction: str) -> Any:
    if fold(text) not in answers:
        raise _Wrong(instruction)
    return answers[fold(text)]


def _year(text: str, _known: Known) -> int:
    match = _SCHOOL_YEAR.fullmatch(text)
    if not match or (match[2] and int(match[2]) != int(match[1]) + 1):
        raise _Wrong("Indiquez une année scolaire, par exemple 2026-2027.")
    return int(match[1])


def _quotient(text: str, _known: Known) -> int:
    match = _QUOTIENT.fullmatch(re.sub(r"[\s€]", "", text))
    if not match:
        raise _Wrong("Indiquez un quotient, par exemple 622,50.")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))


_CONVERTERS: Mapping[str, Callable[[str, Known], Any]] = {
    "postcode": _postcode,
    "residency": _residency,
    "social_fund": _social_fund,
    "email": _email,
    "mobile_phone": _phone,
    "home_phone": _phone,
    "work_phone": _phone,
    "birth_date": _birth_date,
    "sex": _sex,
    "school": _school,
    "level": _level,
    "school_year": _year,
    "value_hundredths": _quotient,
    "valid_from": _day,
    "diet": _diet,
}


def _check_between(lines: Iterable[ImportLine]) -> tuple[list[ImportLine], list[Anomaly]]:
    """Lines of one household agree, a child stands once, an address is one person's."""
    kept, anomalies = [], []
    first_of_key: dict[str, ImportLine] = {}
    line_of_child: dict[Any, int] = {}
    holders: dict[str, tuple[str, str, int]] = {}
    for line in lines:
        found = _faults_between(line, first_of_key, line_of_child, holders)
        if found:
            anomalies += found
            continue
        first_of_key.setdefault(line.key, line)
        line_of_child[child_key(line.child)] = line.line
        for adult in line.adults:
            if "email" in adult:
                holders.setdefault(adult["email"], (line.key, person_key(adult), line.line))
        kept.append(line)
    return kept, anomalies


def _faults_between(
    line: ImportLine,
    first_of_key: Mapping[str, ImportLine],
    line_of_child: Mapping[Any, int],
    holders: Mapping[str, tuple[str, str, int]],
) -> list[Anomaly]:
    faults = []
    first = first_of_key.get(line.key)
    for name, value in line.household.items() if first else ():
        if first.household.get(name, value) != value:
            title = _BY_NAME[ImportPart.HOUSEHOLD, name].title
            faults.append(
                Anomaly(
                    line.line,
                    title,
                    f"Écrivez la même chose que ligne {first.line}\u00a0: c’est le même foyer.",
                )
            )
    other = line_of_child.get(child_key(line.child))
    if other is not None:
        title = _BY_NAME[ImportPart.CHILD, "first_name"].title
        faults.append(
            Anomaly(line.line, title, f"Cet enfant est déjà ligne {other}\u00a0: gardez une des deux lignes.")
        )
    for part, adult in zip((ImportPart.FIRST_ADULT, ImportPart.SECOND_ADULT), line.adults, strict=False):
        key, holder, at = holders.get(adult.get("email", ""), (line.key, person_key(adult), 0))
        if (key, holder) != (line.key, person_key(adult)):
            message = (
                f"Cette adresse est déjà celle d’une autre personne, ligne {at}\u00a0: chacun a la sienne."
            )
            faults.append(Anomaly(line.line, _BY_NAME[part, "email"].title, message))
    return faults


# --- Comparing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownAdult:
    """`signs_in`: the address opens the portal, an import never changes it."""

    adult_id: int
    values: Mapping[str, Any]
    signs_in: bool


@dataclass(frozen=True, slots=True)
class KnownChild:
    """`schoolings`: by school year, what `ImportLine.schooling` holds."""

    child_id: int
    values: Mapping[str, Any]
    schoolings: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class KnownHousehold:
    """`quotients`: value in force from each first day."""

    household_id: int
    number: int
    key: str | None
    values: Mapping[str, Any]
    adults: tuple[KnownAdult, ...]
    children: tuple[KnownChild, ...]
    quotients: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Existing:
    """The households that a file may speak of, and who holds each of its addresses: (adult id or None,
    « Claire SOLIGNAC (dossier n° 1001) »).
    """

    households: tuple[KnownHousehold, ...]
    holders: Mapping[str, tuple[int | None, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a row that exists. `former` is empty for a gap that the file fills."""

    line: int
    part: ImportPart
    household_id: int
    row_id: int
    name: str
    former: Any
    value: Any
    is_refused: bool = False  # never applied: an address that signs in

    @property
    def column(self) -> str:
        return _BY_NAME[self.part, self.name].title

    @property
    def former_words(self) -> str:
        return in_words(self.name, self.former)

    @property
    def words(self) -> str:
        return in_words(self.name, self.value)


def in_words(name: str, value: Any) -> str:
    """What people read of a value of the file."""
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, StrEnum):
        return label(value)
    if name == "value_hundredths" and isinstance(value, int):
        return f"{value // 100},{value % 100:02d}"
    return str(value)


@dataclass(slots=True)
class FamilyPlan:
    """What becomes of one household: `household_id` None creates it; `links` gives a known one its key."""

    key: str
    line: int
    household_id: int | None
    household: Mapping[str, Any]
    links: bool = False
    adults: list[Mapping[str, Any]] = field(default_factory=list)
    children: list[ImportLine] = field(default_factory=list)
    quotients: list[Mapping[str, Any]] = field(default_factory=list)
    schoolings: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    fills: list[Change] = field(default_factory=list)
    differences: list[Change] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing to write, differences apart."""
        return self.household_id is not None and not (
            self.links or self.adults or self.children or self.quotients or self.schoolings or self.fills
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do; the three counts are lines, `differences` is what an agent takes up by hand."""

    families: tuple[FamilyPlan, ...]
    anomalies: tuple[Anomaly, ...]
    created: int
    updated: int
    unchanged: int

    @property
    def differences(self) -> tuple[Change, ...]:
        return tuple(change for family in self.families for change in family.differences)


def plan(reading: Reading, existing: Existing) -> Plan:
    """Compare the sound lines with the portal. A line whose household or person is doubtful becomes an
    anomaly; an empty value of the portal is filled, one that differs is listed and left.
    """
    return _Planner(existing).plan(reading)


class _Planner:
    def __init__(self, existing: Existing) -> None:
        self.existing = existing
        self.by_key = {one.key: one for one in existing.households if one.key}
        self.by_child: dict[Any, list[KnownHousehold]] = {}
        for household in existing.households:
            for child in household.children:
                self.by_child.setdefault(child_key(child.values), []).append(household)
        self.families: dict[str, FamilyPlan] = {}
        self.states: dict[str, int] = {"created": 0, "updated": 0, "unchanged": 0}

    def plan(self, reading: Reading) -> Plan:
        anomalies = list(reading.anomalies)
        for line in reading.lines:
            faults = self._take(line)
            anomalies += faults
        return Plan(
            tuple(self.families.values()),
            tuple(sorted(anomalies, key=lambda one: one.line)),
            **self.states,
        )

    def _take(self, line: ImportLine) -> list[Anomaly]:
        household, fault = self._household(line)
        faults = (
            [fault] if fault else [*self._child_faults(line, household), *self._email_faults(line, household)]
        )
        if faults:
            return faults
        family = self.families.get(line.key)
        is_first = family is None
        if family is None:
            found = household.household_id if household else None
            family = FamilyPlan(line.key, line.line, found, dict(line.household))
            family.links = household is not None and household.key is None
            self.families[line.key] = family
        elif household is None:
            family.household = {**line.household, **family.household}
        before = self._size(family)
        self._add_adults(family, line, household)
        if household is None:
            family.children.append(line)
            if line.quotient and line.quotient not in family.quotients:
                family.quotients.append(line.quotient)
            self.states["created"] += 1
            return []
        is_new = self._compare(family, line, household, is_first=is_first)
        changed = self._size(family) != before or (is_first and family.links)
        self.states["created" if is_new else "updated" if changed else "unchanged"] += 1
        return []

    @staticmethod
    def _size(family: FamilyPlan) -> int:
        parts = (family.adults, family.children, family.quotients, family.schoolings, family.fills)
        return sum(len(part) for part in parts)

    def _household(self, line: ImportLine) -> tuple[KnownHousehold | None, Anomaly | None]:
        """The household of a line: by its key, else by a child and an adult that it shares."""
        candidates = self.by_child.get(child_key(line.child), [])
        known = self.by_key.get(line.key)
        if known and (known in candidates or not candidates):
            return known, None
        names = {person_key(adult) for adult in line.adults}
        same = [
            one
            for one in candidates
            if one.key is None and names & {person_key(adult.values) for adult in one.adults}
        ]
        if known is None and len(same) == len(candidates) == 1:
            return same[0], None
        if candidates:
            title = _BY_NAME[ImportPart.CHILD, "first_name"].title
            return None, Anomaly(
                line.line,
                title,
                "Un enfant de ce nom, né le même jour, est déjà dans le dossier "
                f"n°{NBSP}{candidates[0].number}\u00a0: vérifiez-le, et retirez la ligne si c’est lui.",
            )
        return None, None

    def _child_faults(self, line: ImportLine, household: KnownHousehold | None) -> list[Anomaly]:
        """Same name, another birth date: a slip of the keyboard more often than a sibling."""
        title = _BY_NAME[ImportPart.CHILD, "birth_date"].title
        return [
            Anomaly(
                line.line,
                title,
                f"Le dossier n°{NBSP}{household.number} a un enfant de ce nom né le "
                f"{format_date(child.values['birth_date'])}\u00a0: corrigez le fichier, ou sa fiche.",
            )
            for child in (household.children if household else ())
            if person_key(child.values) == person_key(line.child)
            and child.values["birth_date"] != line.child["birth_date"]
        ]

    def _email_faults(self, line: ImportLine, household: KnownHousehold | None) -> list[Anomaly]:
        """An address that somebody else of the portal has."""
        faults = []
        known = {person_key(one.values): one.adult_id for one in (household.adults if household else ())}
        for part, adult in zip((ImportPart.FIRST_ADULT, ImportPart.SECOND_ADULT), line.adults, strict=False):
            held = self.existing.holders.get(adult.get("email", ""))
            if held and (held[0] is None or held[0] != known.get(person_key(adult))):
                message = f"Cette adresse est déjà celle de {held[1]}\u00a0: corrigez-la, ou videz la case."
                faults.append(Anomaly(line.line, _BY_NAME[part, "email"].title, message))
        return faults

    def _add_adults(self, family: FamilyPlan, line: ImportLine, household: KnownHousehold | None) -> None:
        known = {person_key(one.values) for one in (household.adults if household else ())}
        known |= {person_key(one) for one in family.adults}
        family.adults += [adult for adult in line.adults if person_key(adult) not in known]

    def _compare(
        self, family: FamilyPlan, line: ImportLine, household: KnownHousehold, *, is_first: bool
    ) -> bool:
        """Note what the line brings to a known household; True when its child is new there."""
        place = (line.line, household.household_id)
        if is_first:
            self._differ(
                family, place, ImportPart.HOUSEHOLD, household.household_id, household.values, line.household
            )
        adults = {person_key(one.values): one for one in household.adults}
        for part, adult in zip((ImportPart.FIRST_ADULT, ImportPart.SECOND_ADULT), line.adults, strict=False):
            known = adults.get(person_key(adult))
            if known and is_first:
                self._differ(family, place, part, known.adult_id, known.values, adult, known.signs_in)
        self._compare_quotient(family, line, household)
        children = {child_key(one.values): one for one in household.children}
        child = children.get(child_key(line.child))
        if child is None:
            family.children.append(line)
            return True
        self._differ(family, place, ImportPart.CHILD, child.child_id, child.values, line.child)
        if line.schooling:
            known_schooling = child.schoolings.get(line.schooling["school_year"])
            if known_schooling is None:
                family.schoolings.append((child.child_id, line.schooling))
            else:
                self._differ(
                    family, place, ImportPart.SCHOOLING, child.child_id, known_schooling, line.schooling
                )
        return False

    def _compare_quotient(self, family: FamilyPlan, line: ImportLine, household: KnownHousehold) -> None:
        if not line.quotient or line.quotient in family.quotients:
            return
        known = household.quotients.get(line.quotient["valid_from"])
        if known is None:
            family.quotients.append(line.quotient)
        elif known != line.quotient["value_hundredths"]:
            change = Change(
                line.line, ImportPart.QUOTIENT, household.household_id, household.household_id,
                "value_hundredths", known, line.quotient["value_hundredths"], is_refused=True,
            )  # fmt: skip
            family.differences.append(change)

    @staticmethod
    def _differ(
        family: FamilyPlan,
        place: tuple[int, int],
        part: ImportPart,
        row_id: int,
        known: Mapping[str, Any],
        wanted: Mapping[str, Any],
        signs_in: bool = False,
    ) -> None:
        line, household_id = place
        names_of_people = part in (ImportPart.FIRST_ADULT, ImportPart.SECOND_ADULT, ImportPart.CHILD)
        for name, value in wanted.items():
            former = known.get(name)
            if former == value or (names_of_people and name in ("first_name", "last_name")):
                continue
            refused = part is ImportPart.SCHOOLING or (name == "email" and signs_in)
            change = Change(line, part, household_id, row_id, name, former, value, is_refused=refused)
            (family.differences if former or refused else family.fills).append(change)
