"""Families taken from a spreadsheet (R07): kept sealed between the dry run and the confirmation, then written
in one transaction. The same file again changes nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapters import addresses, numbers, tables
from domain.calendar import paris_now
from domain.enums import Residency
from domain.errors import Refused
from domain.family_import import (
    Change,
    FamilyPlan,
    ImportPart,
    Known,
    Plan,
    Reading,
    child_key,
    plan,
    read,
)
from models import (
    Child,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    QuotientFamilial,
    SchoolClass,
    Schooling,
)
from queries import family_imports as import_queries
from services import audit, households, kept_files, name_index, records
from services.accounts import Author
from services.transaction import write_transaction

FILE_LIMIT_BYTES = tables.MAX_BYTES
_SOURCE = "fichier importé"
_NOTHING: Mapping[str, Any] = {}
_TABLES = {
    ImportPart.HOUSEHOLD: Household,
    ImportPart.FIRST_ADULT: Guardian,
    ImportPart.SECOND_ADULT: Guardian,
    ImportPart.CHILD: Child,
}


@dataclass(frozen=True, slots=True)
class Examination:
    """A file and what it would do now."""

    reading: Reading
    plan: Plan


# --- The file -------------------------------------------------------------------------------------


def keep(content: bytes, *, owner_id: int, now: datetime) -> str:
    """Keep a file for its dry run, sealed for this agent, one day at most. Returns its key.

    Raises Refused `table_…`, `import_…` when it cannot be read at all.
    """
    read(tables.read_table(content), _known(paris_now(now).date()))
    return kept_files.keep(content, _place(owner_id), now)


def examine(key: str, *, owner_id: int, today: date) -> Examination:
    """What the file would do; nothing is written. Raises NotFound for one that is gone or a colleague's."""
    reading = read(tables.read_table(_content(key, owner_id)), _known(today))
    return Examination(reading, plan(reading, import_queries.existing(reading.lines)))


def _content(key: str, owner_id: int) -> bytes:
    return kept_files.content(key, _place(owner_id))


def _place(owner_id: int) -> str:
    return f"family_import:{owner_id}"


def _known(today: date) -> Known:
    return Known(import_queries.schools(), import_queries.diets(), today, numbers.phone, addresses.email)


# --- Writing --------------------------------------------------------------------------------------


def fingerprint(made: Plan) -> str:
    """The differences that the agent had on screen."""
    return households.fingerprint(made.differences)


def apply(key: str, *, replacing: str | None, author: Author, now: datetime) -> Plan:
    """Write what the dry run showed, compared again inside the transaction. Returns what was done.

    `replacing`: the fingerprint of the differences on screen; those values are replaced too, but an address
    that signs in, a schooling and a quotient. None leaves them. Raises NotFound, Refused `import_nothing`,
    `import_changed` when the differences are not those any more, `busy`.
    """
    content, today = _content(key, author.user_id), paris_now(now).date()
    reading = read(tables.read_table(content), _known(today))
    with _alone(), write_transaction() as session:
        made = plan(reading, import_queries.existing(reading.lines))
        writer = _Writer(session, author, now)
        if replacing not in (None, fingerprint(made)):
            raise Refused(
                "import_changed",
                "Une famille ou un collègue vient de changer un des dossiers. Relisez les valeurs qui "
                "diffèrent, puis confirmez.",
            )
        taken = [] if replacing is None else [one for one in made.differences if not one.is_refused]
        if not taken and all(family.is_empty for family in made.families):
            raise Refused("import_nothing", "Ce fichier ne change rien\u00a0: tout est déjà dans le portail.")
        writer.write(made, taken)
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="family_import.applied",
            object_type="town",
            object_id=1,
            after={
                "sha256": hashlib.sha256(content).hexdigest(),
                "created": made.created,
                "updated": made.updated,
                "anomalies": len(made.anomalies),
                "replaced": len(taken),
            },
        )
        return made


@contextmanager
def _alone() -> Iterator[None]:
    """A colleague who creates a file at the same moment meets a unique key: one of the two begins again."""
    try:
        yield
    except IntegrityError as error:
        raise Refused(
            "busy", "Un autre dossier s’est créé au même moment\u00a0: confirmez de nouveau."
        ) from error


class _Writer:
    """Writes a plan in a few large statements; each row has its line in the journal of its file."""

    def __init__(self, session: Session, author: Author, now: datetime) -> None:
        self.session, self.author, self.now = session, author, now
        self.today = paris_now(now).date()
        self.told: list[tuple[str, Any, int, Mapping[str, Any], Mapping[str, Any]]] = []

    def write(self, made: Plan, differences: Iterable[Change]) -> None:
        families = [family for family in made.families if not family.is_empty]
        ids = self._households(families)
        self._adults(families, ids)
        children = self._children(families, ids)
        self._quotients(families, ids)
        self._schoolings(families, ids, children)
        changes = [*differences, *(change for family in families for change in family.fills)]
        self._changes(changes)
        name_index.rewrite(self.session, {*ids.values(), *(change.household_id for change in changes)})
        for action, row, household_id, before, after in self.told:
            self._record(action, row, household_id, before, after)

    def _households(self, families: Iterable[FamilyPlan]) -> dict[str, int]:
        number = self.session.scalar(select(func.max(Household.number))) or households.FIRST_NUMBER - 1
        created = {}
        ids = {family.key: family.household_id for family in families if family.household_id}
        for family in families:
            if family.household_id is None:
                number += 1
                values = {"residency": Residency.RESIDENT} | dict(family.household)
                created[family.key] = Household(
                    number=number, created_at=self.now, import_key=family.key, **values
                )
            elif family.links:
                self.session.get_one(Household, family.household_id).import_key = family.key
                self._tell_link(family)
        self.session.add_all(created.values())
        self.session.flush()
        for key, row in created.items():
            ids[key] = row.id
            after = {"number": row.number, "import_key": key, **self._household_of(families, key)}
            self._tell("household.created", row, row.id, after=after)
        return ids

    @staticmethod
    def _household_of(families: Iterable[FamilyPlan], key: str) -> Mapping[str, Any]:
        return next(family.household for family in families if family.key == key)

    def _tell_link(self, family: FamilyPlan) -> None:
        row = self.session.get_one(Household, family.household_id)
        self._tell("household.updated", row, row.id, after={"import_key": family.key})

    def _adults(self, families: Iterable[FamilyPlan], ids: Mapping[str, int]) -> None:
        rows = [(ids[family.key], Guardian(**adult), adult) for family in families for adult in family.adults]
        self.session.add_all(row for _, row, _ in rows)
        self.session.flush()
        positions = self._positions({household_id for household_id, _, _ in rows})
        for household_id, row, adult in rows:
            positions[household_id] += 1
            link = HouseholdGuardian(
                household_id=household_id, guardian_id=row.id, position=positions[household_id]
            )
            self.session.add(link)
            self._tell("guardian.added", row, household_id, after=adult)

    def _positions(self, ids: Iterable[int]) -> dict[int, int]:
        query = (
            select(HouseholdGuardian.household_id, func.max(HouseholdGuardian.position))
            .where(HouseholdGuardian.household_id.in_(ids))
            .group_by(HouseholdGuardian.household_id)
        )
        return defaultdict(int, dict(self.session.execute(query).all()))

    def _children(self, families: Iterable[FamilyPlan], ids: Mapping[str, int]) -> dict[tuple[str, Any], int]:
        rows = [(family.key, Child(**line.child), line) for family in families for line in family.children]
        self.session.add_all(row for _, row, _ in rows)
        self.session.flush()
        for key, row, line in rows:
            self.session.add(HouseholdChild(household_id=ids[key], child_id=row.id))
            self._tell("child.added", row, ids[key], after=line.child)
        return {(key, child_key(line.child)): row.id for key, row, line in rows}

    def _quotients(self, families: Iterable[FamilyPlan], ids: Mapping[str, int]) -> None:
        for family in families:
            for values in family.quotients:
                quotient = households.Quotient(**values, source=_SOURCE)
                if family.household_id is not None or len(family.quotients) > 1:
                    household_id = ids[family.key]
                    households.open_quotient(self.session, household_id, quotient, self.author, self.now)
                    continue
                row = QuotientFamilial(
                    household_id=ids[family.key], created_at=self.now, source=_SOURCE, **values
                )
                self.session.add(row)
                self._tell("quotient_familial.added", row, ids[family.key], after=values)

    def _schoolings(
        self,
        families: Iterable[FamilyPlan],
        ids: Mapping[str, int],
        children: Mapping[tuple[str, Any], int],
    ) -> None:
        wanted = [
            (family, children[family.key, child_key(line.child)], line.schooling)
            for family in families
            for line in family.children
            if line.schooling
        ]
        wanted += [
            (family, child_id, values) for family in families for child_id, values in family.schoolings
        ]
        classes = self._classes(values for _, _, values in wanted)
        for family, child_id, values in wanted:
            year, school = values["school_year"], values["school"]
            named = (school, year, values.get("class_name"))
            row = Schooling(
                child_id=child_id,
                school_year=year,
                facility_id=school,
                level=values["level"],
                class_id=classes.get(named),
            )
            self.session.add(row)
            self._tell("schooling.added", row, ids[family.key], after={"child_id": child_id, **values})

    def _classes(self, wanted: Iterable[Mapping[str, Any]]) -> dict[tuple[int, int, str], int]:
        """The classes that the file names; those that are missing are created."""
        names = {
            (one["school"], one["school_year"], one["class_name"]) for one in wanted if one.get("class_name")
        }
        known = {
            (row.facility_id, row.school_year, row.name): row.id
            for row in self.session.scalars(
                select(SchoolClass).where(SchoolClass.school_year.in_({year for _, year, _ in names}))
            )
        }
        for school, year, name in sorted(names - known.keys()):
            row = SchoolClass(facility_id=school, school_year=year, name=name)
            known[school, year, name] = records.add(self.session, row, author=self.author, now=self.now)
        return known

    def _changes(self, changes: Iterable[Change]) -> None:
        by_row: dict[tuple[type, int], list[Change]] = defaultdict(list)
        for change in changes:
            by_row[_TABLES[change.part], change.row_id].append(change)
        for (table, row_id), found in by_row.items():
            row = self.session.get_one(table, row_id)
            values = {change.name: change.value for change in found}
            before = {change.name: change.former for change in found}
            if isinstance(row, Household):
                households.set_address(self.session, row, values, self.today)
            else:
                for name, value in values.items():
                    setattr(row, name, value)
            self._tell(f"{table.__tablename__}.updated", row, found[0].household_id, before, values)

    def _tell(
        self,
        action: str,
        row: Any,
        household_id: int,
        before: Mapping[str, Any] = _NOTHING,
        after: Mapping[str, Any] = _NOTHING,
    ) -> None:
        """The journal is written last, when every row has its number."""
        self.told.append((action, row, household_id, before, after))

    def _record(
        self, action: str, row: Any, household_id: int, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        audit.record(
            self.session,
            at=self.now,
            actor_user_id=self.author.user_id,
            channel=self.author.channel,
            action=action,
            object_type=row.__tablename__,
            object_id=row.id,
            household_id=household_id,
            before=records.plain(before) if before else None,
            after=records.plain(after) if after else None,
        )
