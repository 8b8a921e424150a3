"""Rulebook versions: the dated ladders and price tables become texts of the whole règlement (P15).

Each day on which a ladder or a table began or ended starts a version of the text. The limits of an act are
then those of the version of that day, and the price of a service that of its own day, as before.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ("deadline_rule", "tariff")


def upgrade() -> None:
    _create_tables()
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rule_name", sa.String(length=60), nullable=True))
    with op.batch_alter_table("presence_type", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rule_name", sa.String(length=60), nullable=True))
    _name_everything(op.get_bind())
    _require_names()
    _write_versions(op.get_bind())
    op.drop_table("deadline_rule")
    op.drop_table("tariff")


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")


def _create_tables() -> None:
    op.create_table(
        "rulebook_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tree", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("is_draft = (valid_from IS NULL)", name=op.f("ck_rulebook_version_draft")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_rulebook_version_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook_version")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_rulebook_version_valid_from")),
    )
    with op.batch_alter_table("rulebook_version", schema=None) as batch_op:
        batch_op.create_index(
            "uq_rulebook_draft",
            ["is_draft"],
            unique=True,
            sqlite_where=sa.text("is_draft"),
            postgresql_where=sa.text("is_draft"),
        )
    op.create_table(
        "rule_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_rule_fact_order")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_rule_fact_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_rule_fact_household_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_fact")),
    )
    with op.batch_alter_table("rule_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_fact_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rule_fact_household_id"), ["household_id"], unique=False)


def _require_names() -> None:
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.alter_column("rule_name", existing_type=sa.String(length=60), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_activity_rule_name"), ["rule_name"])
    with op.batch_alter_table("presence_type", schema=None) as batch_op:
        batch_op.alter_column("rule_name", existing_type=sa.String(length=60), nullable=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_presence_type_activity_id_rule_name"), ["activity_id", "rule_name"]
        )


# --- The tables as they are halfway -------------------------------------------------------------------------

_FACILITY = sa.table("facility", sa.column("id"), sa.column("name"))
_ACTIVITY = sa.table(
    "activity", sa.column("id"), sa.column("facility_id"), sa.column("name"), sa.column("rule_name")
)
_PRESENCE_TYPE = sa.table(
    "presence_type",
    sa.column("id"),
    sa.column("activity_id"),
    sa.column("name"),
    sa.column("position"),
    sa.column("rule_name"),
)
_DEADLINE_RULE = sa.table(
    "deadline_rule",
    sa.column("activity_id"),
    sa.column("action"),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("ladder", sa.JSON()),
    sa.column("source"),
)
_TARIFF = sa.table(
    "tariff",
    sa.column("presence_type_id"),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("table", sa.JSON()),
    sa.column("source"),
)
_OPENING = sa.table("opening", sa.column("activity_id"), sa.column("day", sa.Date()))
_PUBLIC_HOLIDAY = sa.table("public_holiday", sa.column("day", sa.Date()))
_SCHOOL_HOLIDAY = sa.table(
    "school_holiday",
    sa.column("zone"),
    sa.column("first_day", sa.Date()),
    sa.column("last_day", sa.Date()),
)
_SETTING = sa.table("setting", sa.column("key"), sa.column("value"))
_VERSION = sa.table(
    "rulebook_version",
    sa.column("name"),
    sa.column("is_draft", sa.Boolean()),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("text"),
    sa.column("tree", sa.JSON()),
    sa.column("fingerprint"),
    sa.column("author_name"),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)

# --- Names in the règlement ---------------------------------------------------------------------------------

_LONGEST = 50
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_OTHER_MEANING = {"tous", "toujours", "inconnu", "null", "oui", "non"}


def _name_everything(connection: sa.Connection) -> None:
    """« garderie_du_soir »; two activities of one name start with the names of their facilities."""
    activities = connection.execute(
        sa.select(_ACTIVITY.c.id, _ACTIVITY.c.name, _FACILITY.c.name)
        .join(_FACILITY, _FACILITY.c.id == _ACTIVITY.c.facility_id)
        .order_by(_ACTIVITY.c.id)
    ).all()
    shared = Counter(_slug(name, "activite") for _, name, _ in activities)
    taken: set[str] = set()
    for activity_id, name, facility in activities:
        wished = _slug(name, "activite")
        if shared[wished] > 1:
            wished = _slug(f"{facility} {name}", "activite")
        _set_name(connection, _ACTIVITY, activity_id, wished, taken)
    types = sa.select(_PRESENCE_TYPE.c.id, _PRESENCE_TYPE.c.activity_id, _PRESENCE_TYPE.c.name)
    known: dict[int, set[str]] = {}
    for type_id, activity_id, name in connection.execute(types.order_by(_PRESENCE_TYPE.c.id)).all():
        taken = known.setdefault(activity_id, set())
        _set_name(connection, _PRESENCE_TYPE, type_id, _slug(name, "formule"), taken)


def _slug(label: str, otherwise: str) -> str:
    decomposed = unicodedata.normalize("NFKD", label.casefold().translate(_LIGATURES))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:_LONGEST].rstrip("_")
    if not words[:1].isalpha() or words in _OTHER_MEANING:
        words = f"{otherwise}_{words}".rstrip("_")
    return words


def _set_name(
    connection: sa.Connection, table: sa.TableClause, row_id: int, wished: str, taken: set[str]
) -> None:
    """Write the name, with a number when another row has it; `taken` then holds it."""
    candidates = (wished if rank == 1 else f"{wished}_{rank}" for rank in count(1))
    name = next(one for one in candidates if one not in taken)
    taken.add(name)
    connection.execute(sa.update(table).where(table.c.id == row_id).values(rule_name=name))


# --- The versions -------------------------------------------------------------------------------------------

ONE_DAY = timedelta(days=1)
Tree = Any  # nested dicts and lists of texts, None for « null »


def _write_versions(connection: sa.Connection) -> None:
    town = _Town(connection)
    found: list[tuple[date, dict[str, Tree], str]] = []
    for day in town.days_of_change():
        tree = town.rulebook(day)
        if not found or tree != found[-1][1]:
            found.append((day, tree, _text(tree, town.notes(day))))
    ends = [first_day - ONE_DAY for first_day, _, _ in found[1:]]
    rows = [
        {
            "name": tree["reglement"]["nom"][:120],
            "is_draft": False,
            "valid_from": first_day,
            "valid_to": last_day,
            "text": text,
            "tree": tree,
            "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
            "author_name": "",
            "updated_at": datetime.now(UTC),
        }
        for (first_day, tree, text), last_day in zip(found, [*ends, None], strict=False)
    ]
    if rows:
        op.bulk_insert(_VERSION, rows)


class _Town:
    """What the old tables say, read once."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.settings = dict(connection.execute(sa.select(_SETTING.c.key, _SETTING.c.value)).all())
        self.activities = connection.execute(
            sa.select(_ACTIVITY.c.id, _ACTIVITY.c.rule_name, _ACTIVITY.c.name, _FACILITY.c.name)
            .join(_FACILITY, _FACILITY.c.id == _ACTIVITY.c.facility_id)
            .order_by(_ACTIVITY.c.id)
        ).all()
        self.types = connection.execute(
            sa.select(_PRESENCE_TYPE.c.id, _PRESENCE_TYPE.c.activity_id, _PRESENCE_TYPE.c.rule_name).order_by(
                _PRESENCE_TYPE.c.position, _PRESENCE_TYPE.c.id
            )
        ).all()
        self.ladders = connection.execute(sa.select(_DEADLINE_RULE)).all()
        self.tariffs = connection.execute(sa.select(_TARIFF)).all()

    def days_of_change(self) -> list[date]:
        """The days on which a ladder or a table begins, or has just ended."""
        rows = [*self.ladders, *self.tariffs]
        after = {row.valid_to + ONE_DAY for row in rows if row.valid_to is not None}
        return sorted({row.valid_from for row in rows} | after)

    def ladder(self, activity_id: int, action: str, day: date) -> Any:
        return _in_force(
            (row for row in self.ladders if (row.activity_id, row.action) == (activity_id, action)), day
        )

    def tariff(self, type_id: int, day: date) -> Any:
        return _in_force((row for row in self.tariffs if row.presence_type_id == type_id), day)

    def formulas(self, activity_id: int) -> dict[int, str]:
        """The names of the presence types of an activity, by their id."""
        return {type_id: name for type_id, owner_id, name in self.types if owner_id == activity_id}

    def rulebook(self, day: date) -> dict[str, Tree]:
        """The whole règlement of a day."""
        activities = {
            rule_name: self._activity(activity_id, self._label(name, facility), day)
            for activity_id, rule_name, name, facility in self.activities
        }
        used = set(_words(activities))
        calendar: dict[str, Tree] = {
            "jours_d_ecole": [_WEEKDAYS[number] for number in (0, 1, 3, 4)],
            "jours_feries": _VARIANTS.get(self.settings.get("holiday_variant", ""), "metropole"),
            "vacances": _ZONES.get(self._zone(), []),
        }
        if "mairie" in used:
            calendar["mairie_ouverte"] = list(_WEEKDAYS[:5])
        tree: dict[str, Tree] = {
            "reglement": {
                "nom": f"Règlement de {self.settings.get('name', 'la commune')}",
                "organisme": "commune",
            },
            "calendrier": calendar,
        }
        facts = self._facts(used)
        if facts:
            tree["faits"] = facts
        if "quotient" in used:
            tree["quotient"] = dict(_QUOTIENT)
        return tree | {"activites": activities}

    def notes(self, day: date) -> dict[tuple[str, ...], str]:
        """What was written beside each ladder and table, by the place where it stands in the text."""
        notes = {}
        for activity_id, rule_name, _, _ in self.activities:
            ladders = [self.ladder(activity_id, action, day) for action in _ACTIONS]
            tariffs = [self.tariff(type_id, day) for type_id in self.formulas(activity_id)]
            said = {"delais": [row.source for row in ladders if row is not None], "tarif": []}
            for row in (row for row in tariffs if row is not None):
                said["tarif"] += [f"tarif {row.table['version']}", row.source]
            for word, texts in said.items():
                known = dict.fromkeys(" ".join(text.split()) for text in texts if text.strip())
                notes["activites", rule_name, word] = ", ".join(known)
        return notes

    def _zone(self) -> str:
        return self.settings.get("school_zone", "C")

    def _label(self, name: str, facility: str) -> str:
        names = [one for _, _, one, _ in self.activities]
        return f"{name}, {facility}" if names.count(name) > 1 else name

    def _facts(self, used: Collection[str]) -> dict[str, Tree]:
        facts: dict[str, Tree] = {}
        if "residence" in used:
            facts["residence"] = list(_RESIDENCES.values())
        if "formule" in used:
            facts["formule"] = list(dict.fromkeys(name for _, _, name in self.types))
        return facts

    def _activity(self, activity_id: int, label: str, day: date) -> dict[str, Tree]:
        tree: dict[str, Tree] = {"nom": label}
        ladders = self._limits(activity_id, day)
        if "ouverture" in set(_words(ladders)):
            tree["ouverture"] = self._opening(activity_id)
        if ladders:
            tree["delais"] = ladders
        price = self._price(activity_id, day)
        if price is not None:
            tree["tarif"] = {"prix": price, "arrondi": dict(_ROUNDING)}
        return tree

    def _limits(self, activity_id: int, day: date) -> list[Tree]:
        """One element for both actions when they follow the same ladder."""
        found: list[dict[str, Tree]] = []
        for action, word in _ACTIONS.items():
            row = self.ladder(activity_id, action, day)
            if row is None:
                continue
            rules = _ladder(row.ladder)
            if found and found[0] == {"actions": found[0]["actions"], **rules}:
                found[0]["actions"].append(word)
            else:
                found.append({"actions": [word], **rules})
        return found

    def _price(self, activity_id: int, day: date) -> Tree:
        """One value when every presence type has it, else a case for each value."""
        formulas = self.formulas(activity_id)
        tariffs = {name: self.tariff(type_id, day) for type_id, name in formulas.items()}
        values = {name: _prices(row.table["rows"]) for name, row in tariffs.items() if row is not None}
        distinct: list[tuple[Tree, list[str]]] = []
        for name, value in values.items():
            same = next((names for known, names in distinct if known == value), None)
            if same is None:
                distinct.append((value, [name]))
            else:
                same.append(name)
        if not distinct:
            return None
        if len(distinct) == 1 and len(values) == len(formulas):
            return distinct[0][0]
        cases = [{"si": {"formule": _one_or_many(names)}, "valeur": value} for value, names in distinct]
        return {"cas": cases, "sinon": None}

    def _opening(self, activity_id: int) -> dict[str, Tree]:
        """The days on which the activity has taken or will take place, in words."""
        opened = sa.select(_OPENING.c.day).where(_OPENING.c.activity_id == activity_id)
        days = set(self.connection.scalars(opened))
        public = set(self.connection.scalars(sa.select(_PUBLIC_HOLIDAY.c.day)))
        of_zone = sa.select(_SCHOOL_HOLIDAY.c.first_day, _SCHOOL_HOLIDAY.c.last_day).where(
            _SCHOOL_HOLIDAY.c.zone == self._zone()
        )
        breaks = self.connection.execute(of_zone).all()
        off = {day for day in days if any(first <= day <= last for first, last in breaks)}
        weekdays = sorted({day.weekday() for day in days}) or range(5)
        return {
            "jours": [_WEEKDAYS[number] for number in weekdays],
            "ecole": _yes_no(not days or bool(days - off)),
            "vacances": _yes_no(not days or bool(off)),
            "feries": _yes_no(bool(days & public)),
        }


def _in_force(rows: Iterable[Any], day: date) -> Any:
    """The row that holds on a day; None without one."""
    held = (row for row in rows if row.valid_from <= day and (row.valid_to is None or day <= row.valid_to))
    return next(held, None)


def _words(tree: Tree) -> Iterator[str]:
    """Every key and every text of a tree."""
    if isinstance(tree, dict):
        for word, below in tree.items():
            yield word
            yield from _words(below)
    elif isinstance(tree, list):
        for below in tree:
            yield from _words(below)
    elif tree is not None:
        yield tree


def _yes_no(value: bool) -> str:
    return "oui" if value else "non"


def _one_or_many(words: Sequence[str]) -> Tree:
    return words[0] if len(words) == 1 else list(words)


# --- Ladders ------------------------------------------------------------------------------------------------

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_DAY_KEYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _WEEKDAYS, strict=True))
_ZONES = {"A": "zone_a", "B": "zone_b", "C": "zone_c"}
_VARIANTS = {
    "57": "alsace_moselle", "GP": "guadeloupe", "MQ": "martinique", "973": "guyane", "RE": "reunion",
    "YT": "mayotte", "BL": "saint_barthelemy", "MF": "saint_martin", "PM": "saint_pierre_et_miquelon",
}  # fmt: skip
_ACTIONS = {"book": "reserver", "cancel": "annuler"}
_OUTCOMES = {"free": "libre", "on_request": "sur_demande", "refuse": "refus"}
_COMPARES = {"until": "incluse", "before": "exclue"}
_BASES = {
    "all": "tous",
    "mon_fri": "lundi_vendredi",
    "school": "ecole",
    "open": "ouverture",
    "office": "mairie",
}


def _ladder(data: Mapping[str, Any]) -> dict[str, Tree]:
    otherwise = _OUTCOMES[data["otherwise"]]
    alone = len(data["stages"]) == 1 and otherwise == "refus"
    return {
        "canaux": "tous",
        "etapes": [_stage(stage, alone) for stage in data["stages"]],
        "ensuite": otherwise,
    }


def _stage(data: Mapping[str, Any], alone: bool) -> dict[str, Tree]:
    """A weekday that a map leaves out was past its limit: the next stage answered, if there was one."""
    stage: dict[str, Tree] = {"jusqu_a": _cutoff(data["until"]), "effet": _OUTCOMES[data["outcome"]]}
    if data["until"]["form"] == "weekday_map" and not alone:
        known = {key for entry in data["until"]["entries"] for key in entry["for"]}
        if len(known) < len(_DAY_KEYS):
            stage["si"] = {"jour": [word for key, word in _DAY_KEYS.items() if key in known]}
    return stage


def _cutoff(data: Mapping[str, Any]) -> Tree:
    match data["form"]:
        case "always":
            return "toujours"
        case "never":
            return "jamais"
        case "week_cutoff":
            return {"forme": "semaine"} | _place(data) | {"limite": _COMPARES[data["compare"]]}
        case "weekday_map":
            return {
                "forme": "selon_le_jour",
                "limite": _COMPARES[data["compare"]],
                "entrees": [
                    {"pour": [_DAY_KEYS[key] for key in entry["for"]]} | _place(entry)
                    for entry in data["entries"]
                ],
            }
    return {
        "forme": "jours_avant",
        "jours": str(data["n"]),
        "compte": _day_set(data["set"]),
        "francs": _yes_no(data["clear_days"]),
        "heure": data["time"],
        "limite": _COMPARES[data["compare"]],
    }


def _place(data: Mapping[str, Any]) -> dict[str, Tree]:
    weeks = str(data["weeks_before"])
    return {"jour": _DAY_KEYS[data["day"]], "semaines_avant": weeks, "heure": data["time"]}


def _day_set(data: Mapping[str, Any]) -> dict[str, Tree]:
    """The town hall's days counted its public holidays unless told otherwise: every weekday, in fact."""
    every_weekday = data["base"] == "office" and not data["minus_public_holidays"]
    days: dict[str, Tree] = {
        "base": "lundi_vendredi" if every_weekday else _BASES[data["base"]],
        "sans_feries": _yes_no(data["minus_public_holidays"]),
        "sans_vacances": _yes_no(data["minus_school_holidays"]),
    }
    return days | ({"fermetures": data["extra_closed"]} if data.get("extra_closed") else {})


# --- Price tables -------------------------------------------------------------------------------------------

_RESIDENCES = {"resident": "commune", "non_resident": "hors_commune"}
_ROUNDING = {"au": "0.01", "vers": "plus_proche", "apres": ["total"]}
_QUOTIENT: dict[str, Tree] = {
    "inconnu": "ligne_inconnu",
    "pris_au": "jour_du_service",
    "changement": "immediat",
    "retroactif": "non",
    "validite": "sans_fin",
    "garde_alternee": "non_prevu",
    "arrondi": None,
}


def _prices(rows: Mapping[str, Any]) -> Tree:
    """A number, or a table by residence and quotient; what everybody shares is no column of the table."""
    lines = {word: _price_lines(rows[key]) for key, word in _RESIDENCES.items() if key in rows}
    reads_quotient = any(line["quotient"] != "tous" for below in lines.values() for line in below)
    reads_residence = lines["commune"] != lines.get("hors_commune")
    if not reads_quotient and not reads_residence:
        return lines["commune"][0]["valeur"]
    if not reads_residence:
        del lines["hors_commune"]
    dimensions = [
        name for name, read in (("residence", reads_residence), ("quotient", reads_quotient)) if read
    ]
    table: dict[str, Tree] = {"selon": _one_or_many(dimensions)}
    if reads_quotient:
        table["trous"] = "refuser"
    table["lignes"] = [
        {
            word: below
            for word, below in ({"residence": word_of} | line).items()
            if word in (*dimensions, "valeur")
        }
        for word_of, of_residence in lines.items()
        for line in of_residence
    ]
    return {"table": table}


def _price_lines(row: Mapping[str, Any]) -> list[dict[str, Tree]]:
    """The lines of one residence; one for every quotient, known or not, when the price is the same."""
    brackets, unknown = row["brackets"], row["unknown_cents"]
    if len(brackets) == 1 and brackets[0]["cents"] == unknown and not _interval(brackets[0]):
        return [{"quotient": "tous", "valeur": _euros(unknown)}]
    lines = [
        {"quotient": _interval(bracket) or {"de": "0"}, "valeur": _euros(bracket["cents"])}
        for bracket in brackets
    ]
    return lines + ([] if unknown is None else [{"quotient": "inconnu", "valeur": _euros(unknown)}])


def _interval(bracket: Mapping[str, Any]) -> dict[str, Tree]:
    """The bounds of a bracket; from zero is from the lowest quotient there is."""
    bounds: dict[str, Tree] = {}
    lower, upper = bracket["lower"], bracket["upper"]
    if lower is not None and not (float(lower) == 0 and bracket["lower_included"]):
        bounds["de" if bracket["lower_included"] else "plus_de"] = lower
    if upper is not None:
        bounds["a" if bracket["upper_included"] else "moins_de"] = upper
    return bounds


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


# --- The text -----------------------------------------------------------------------------------------------

_WIDTH = 130
_PLAIN = re.compile(r"[a-z][a-z0-9_]*|-?[0-9]+(\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_HEADING = """\
# Ce règlement reprend les délais et les tarifs que le portail connaissait.
# Son format est décrit dans docs/reglement-format.md.
"""


def _text(tree: Mapping[str, Tree], notes: Mapping[tuple[str, ...], str]) -> str:
    parts = ("\n".join(_entry((word,), below, notes)) for word, below in tree.items())
    return "\n".join((_HEADING, "\n\n".join(parts), ""))


def _entry(path: tuple[str, ...], value: Tree, notes: Mapping[tuple[str, ...], str]) -> list[str]:
    """The lines of « key: value », below the note that goes with it."""
    head, inline = f"{path[-1]}:", _inline(value)
    note = [f"# {notes[path]}"] if notes.get(path) else []
    if not isinstance(value, dict | list) or not value or (_is_flat(value) and len(inline) < _WIDTH):
        return [*note, f"{head} {inline}"]
    return [*note, head, *(f"  {line}" for line in _block(path, value, notes))]


def _block(path: tuple[str, ...], value: Tree, notes: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    if isinstance(value, dict):
        for word, below in value.items():
            yield from _entry((*path, word), below, notes)
        return
    for below in value:
        inline = _inline(below)
        if len(inline) < _WIDTH and not _has_rows(below):
            yield f"- {inline}"
        else:
            first, *others = _block(path, below, notes)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)


def _is_flat(value: Tree) -> bool:
    """A list or a set of words, that a line holds."""
    below = value.values() if isinstance(value, dict) else value
    return not any(isinstance(one, dict) or (isinstance(one, list) and _has_rows(one)) for one in below)


def _has_rows(value: Tree) -> bool:
    if isinstance(value, dict):
        return any(map(_has_rows, value.values()))
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)


def _inline(value: Tree) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word}: {_inline(below)}" for word, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if value is None:
        return "null"
    if _PLAIN.fullmatch(value) and value != "null":
        return value
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
