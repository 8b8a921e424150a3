"""Schools as the service reads them: classes, pupils, what a promotion proposes (R04)."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, func, select

from domain.enums import FacilityKind, SchoolLevel
from domain.errors import NotFound
from domain.schooling import next_level, propose_class
from extensions import db
from models import Child, Facility, SchoolClass, Schooling
from queries.reading import fingerprint_of

_LEVELS = {level: place for place, level in enumerate(SchoolLevel)}


@dataclass(frozen=True, slots=True)
class School:
    facility_id: int
    name: str


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school with how many classes and pupils it has in one year."""

    school: School
    classes: int
    pupils: int


@dataclass(frozen=True, slots=True)
class ClassLine:
    """`label` names the school too: « École Zola · CP A »."""

    class_id: int
    facility_id: int
    school: str
    name: str
    teacher: str

    @property
    def label(self) -> str:
        return f"{self.school} · {self.name}"


@dataclass(frozen=True, slots=True)
class Pupil:
    child_id: int
    first_name: str
    last_name: str
    level: SchoolLevel
    class_id: int | None

    @property
    def name(self) -> str:
        return f"{self.last_name} {self.first_name}"


@dataclass(frozen=True, slots=True)
class ClassRoom:
    """A class and its pupils by level, then name; `data` is None for those without class."""

    data: ClassLine | None
    pupils: tuple[Pupil, ...]

    @property
    def levels(self) -> tuple[tuple[SchoolLevel, int], ...]:
        """How many pupils of each level."""
        counts: dict[SchoolLevel, int] = {}
        for pupil in self.pupils:
            counts[pupil.level] = counts.get(pupil.level, 0) + 1
        return tuple(counts.items())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pupil and what is proposed for next year: `level` None for the collège, `class_id` the class that
    stands, else the one that fits. `is_done` when next year is written already."""

    pupil: Pupil
    level: SchoolLevel | None
    class_id: int | None
    is_held_back: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class PromotionPage:
    """The pupils of a school and year, and the classes of next year, this school's first."""

    school: School
    candidates: tuple[Candidate, ...]
    classes: tuple[ClassLine, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class SchoolingLine:
    """Where a child went, or goes, to school in one year."""

    school_year: int
    facility_id: int
    school: str
    level: SchoolLevel
    class_id: int | None
    class_name: str

    @property
    def words(self) -> str:
        """« École Zola, CE1, CE1-CE2 B »; a class that is called like its level is said once."""
        parts = dict.fromkeys((self.school, self.level.value, self.class_name))
        return ", ".join(part for part in parts if part)


_SCHOOLS = (
    select(Facility.id, Facility.name)
    .where(Facility.kind == FacilityKind.SCHOOL)
    .order_by(Facility.position, Facility.name)
)
_CLASSES = (
    select(
        SchoolClass.id, SchoolClass.facility_id, Facility.name.label("school"), SchoolClass.name,
        SchoolClass.teacher,
    )
    .join(Facility, Facility.id == SchoolClass.facility_id)
    .where(SchoolClass.school_year == bindparam("year"))
    .order_by(Facility.position, Facility.name, SchoolClass.name)
)  # fmt: skip
_PUPILS = (
    select(Child.id, Child.first_name, Child.last_name, Schooling.level, Schooling.class_id)
    .join(Schooling, Schooling.child_id == Child.id)
    .where(Schooling.facility_id == bindparam("facility_id"), Schooling.school_year == bindparam("year"))
)
_NEXT = select(Schooling.child_id, Schooling.facility_id, Schooling.level, Schooling.class_id).where(
    Schooling.school_year == bindparam("following"),
    Schooling.child_id.in_(
        select(Schooling.child_id).where(
            Schooling.facility_id == bindparam("facility_id"), Schooling.school_year == bindparam("year")
        )
    ),
)
_SCHOOLING_COLUMNS = (
    Schooling.school_year,
    Schooling.facility_id,
    Facility.name,
    Schooling.level,
    Schooling.class_id,
    func.coalesce(SchoolClass.name, ""),
)
_OF_CHILD = (
    select(*_SCHOOLING_COLUMNS)
    .join(Facility, Facility.id == Schooling.facility_id)
    .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
    .where(Schooling.child_id == bindparam("child_id"))
    .order_by(Schooling.school_year.desc())
)
_IN_YEAR = (
    select(Schooling.child_id, *_SCHOOLING_COLUMNS)
    .join(Facility, Facility.id == Schooling.facility_id)
    .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
    .where(
        Schooling.child_id.in_(bindparam("children", expanding=True)),
        Schooling.school_year == bindparam("year"),
    )
)


def schools(year: int) -> tuple[SchoolLine, ...]:
    """Every school with its figures of one year. Three statements."""
    classes = _counts(SchoolClass, year)
    pupils = _counts(Schooling, year)
    return tuple(
        SchoolLine(School(*row), classes.get(row.id, 0), pupils.get(row.id, 0))
        for row in db.session.execute(_SCHOOLS)
    )


def _counts(table: type[SchoolClass] | type[Schooling], year: int) -> dict[int, int]:
    rows = db.session.execute(
        select(table.facility_id, func.count()).where(table.school_year == year).group_by(table.facility_id)
    )
    return dict(map(tuple, rows))


def school(facility_id: int) -> School:
    """Raises NotFound for what is no school. One statement."""
    row = db.session.execute(_SCHOOLS.where(Facility.id == facility_id)).one_or_none()
    if row is None:
        raise NotFound
    return School(*row)


def classes(year: int, first: int | None = None) -> tuple[ClassLine, ...]:
    """The classes of every school in one year, those of the school `first` on top. One statement."""
    rows = [ClassLine(*row) for row in db.session.execute(_CLASSES, {"year": year})]
    return tuple(sorted(rows, key=lambda line: line.facility_id != first))


def school_class(class_id: int) -> tuple[ClassLine, int]:
    """A class and its school year. Raises NotFound. One statement."""
    row = db.session.execute(
        select(
            SchoolClass.id, SchoolClass.facility_id, Facility.name, SchoolClass.name, SchoolClass.teacher,
            SchoolClass.school_year,
        )
        .join(Facility, Facility.id == SchoolClass.facility_id)
        .where(SchoolClass.id == class_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound
    return ClassLine(*row[:5]), row.school_year


def class_rooms(facility_id: int, year: int) -> tuple[ClassRoom, ...]:
    """The classes of a school and year with their pupils; those without class last. Two statements."""
    pupils = _pupils(facility_id, year)
    own = [line for line in classes(year) if line.facility_id == facility_id]
    rooms = [
        ClassRoom(line, tuple(pupil for pupil in pupils if pupil.class_id == line.class_id)) for line in own
    ]
    rest = tuple(pupil for pupil in pupils if pupil.class_id is None)
    return (*rooms, ClassRoom(None, rest)) if rest else tuple(rooms)


def _pupils(facility_id: int, year: int) -> list[Pupil]:
    rows = db.session.execute(_PUPILS, {"facility_id": facility_id, "year": year})
    return sorted((Pupil(*row) for row in rows), key=_place)


def _place(pupil: Pupil) -> tuple:
    return _LEVELS[pupil.level], pupil.last_name, pupil.first_name, pupil.child_id


def promotion(facility_id: int, year: int) -> PromotionPage:
    """What the promotion screen proposes. Six statements. Raises NotFound for what is no school."""
    found = school(facility_id)
    offered = classes(year + 1, first=facility_id)
    names = {line.class_id: line.name for line in offered if line.facility_id == facility_id}
    values = {"facility_id": facility_id, "year": year, "following": year + 1}
    following = {row.child_id: row for row in db.session.execute(_NEXT, values)}
    return PromotionPage(
        found,
        tuple(
            _candidate(pupil, following.get(pupil.child_id), names) for pupil in _pupils(facility_id, year)
        ),
        offered,
        promotion_fingerprint(facility_id, year),
    )


def _candidate(pupil: Pupil, following: Row | None, names: dict[int, str]) -> Candidate:
    if following is not None:
        is_held_back = following.level is pupil.level and next_level(pupil.level) is not pupil.level
        return Candidate(pupil, following.level, following.class_id, is_held_back, True)
    level = next_level(pupil.level)
    return Candidate(pupil, level, propose_class(level, names), False, False)


def promotion_fingerprint(facility_id: int, year: int) -> str:
    """What is written of a school's pupils for this year and the next, in short. Two statements."""
    values = {"facility_id": facility_id, "year": year, "following": year + 1}
    rows = [
        *sorted(tuple(row) for row in db.session.execute(_PUPILS, values)),
        *sorted(tuple(row) for row in db.session.execute(_NEXT, values)),
    ]
    return fingerprint_of(rows)


def schooling_fingerprint(child_id: int) -> str:
    """What an agent had on screen of the school years of a child, in short. One statement."""
    columns = Schooling.school_year, Schooling.facility_id, Schooling.level, Schooling.class_id
    query = select(*columns).where(Schooling.child_id == child_id).order_by(Schooling.school_year)
    return fingerprint_of(db.session.execute(query))


def schoolings_in(child_ids: Collection[int], year: int) -> dict[int, SchoolingLine]:
    """Where each of these children goes to school in one year. One statement."""
    rows = db.session.execute(_IN_YEAR, {"children": list(child_ids), "year": year})
    return {row.child_id: SchoolingLine(*row[1:]) for row in rows}


def schoolings(child_id: int) -> tuple[SchoolingLine, ...]:
    """Every school year of a child, the newest first. One statement."""
    return tuple(SchoolingLine(*row) for row in db.session.execute(_OF_CHILD, {"child_id": child_id}))
