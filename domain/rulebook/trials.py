"""One or several rules tried on every kind of family that they tell apart.

A trial begins with no fact at all: a rule that misses one says which, and each value of that fact is then
tried, so that only what is really read is multiplied. A fact without end (an income, a number of hours) is
not guessed: the answer names it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain.errors import BusinessError
from domain.french import enumerate_fr, quoted
from domain.rulebook.almanac import DEDUCED
from domain.rulebook.bounds import CHILDREN, Stretch, meeting_points, slice_bounds, stretches, values_to_try
from domain.rulebook.facts import Context, Fact, Kind
from domain.rulebook.needs import Marks, facts_read, is_clock, marks_of
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.stand_ins import QUOTIENT, is_rated, stand_ins
from domain.rulebook.trace import MissingFact, Trace

_MOST_TRIALS = 20_000
_MOST_COUNTED = 200  # compared with more than this, a number is money, tried to the cent
_UNIT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule that gives an amount, and how; `units` holds the facts that only count units."""

    book: Rulebook
    rule: Any
    compute: Callable[[Context], Decimal]
    units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """An amount in euros and the rules that made it; or the fact that is `missing`, or the `problem`."""

    amount: Decimal | None
    rules: tuple[str, ...] = ()
    missing: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """Some facts, in the order in which they were asked, and the answer of each subject."""

    facts: Mapping[str, Any]
    answers: tuple[Answer, ...]


@dataclass(slots=True)
class Trials:
    """All the trials of some subjects.

    `known` are facts already settled. `day` is the service day, whose versions apply; the facts that a day
    carries (its weekday, its month, holidays) are those of that day when `of_that_day`, else tried in turn.
    `weekdays` are the only ones to try (None: all).
    """

    subjects: Sequence[Subject]
    known: Mapping[str, Any]
    day: date | None = None
    of_that_day: bool = False
    weekdays: Collection[str] | None = None
    _asked: frozenset[str] = frozenset()
    _books: list[Rulebook] = field(default_factory=list)
    _reads: list[set[str]] = field(default_factory=list)
    _found: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _marks: dict[str, Marks] = field(default_factory=dict)
    _axes: dict[str, bool] = field(default_factory=dict)
    _met: dict[str, set[Decimal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settled = {*self.known, *(DEDUCED if self.of_that_day else ())}
        of_each = [stand_ins(one.rule, one.book, settled) for one in self.subjects]
        self._asked = frozenset(
            name
            for names in of_each
            for name in names
            if all(
                name in others or name not in one.book.named
                for one, others in zip(self.subjects, of_each, strict=True)
            )
        )
        hidden = self._asked if self.of_that_day else self._asked | set(DEDUCED)
        self._books = [one.book.asking(hidden) for one in self.subjects]
        self._reads = [facts_read(one.rule, one.book) for one in self.subjects]

    def run(self) -> list[Tried]:
        """Every trial, in order; raises BusinessError when there would be too many."""
        found = self._all()
        if self._find_meeting_points(found):
            self._found.clear()
            self._marks.clear()
            found = self._all()
        return found

    def reads(self, name: str) -> bool:
        """True when one of the rules may look at the fact."""
        return any(name in reads for reads in self._reads)

    def values(self, name: str) -> tuple[Any, ...]:
        """What the fact is tried at; nothing for a fact without end."""
        if name not in self._found:
            self._found[name] = self._values(name)
        return self._found[name]

    def stretches(self, name: str) -> tuple[Stretch, ...]:
        """The stretches of a fact measured to the cent; nothing for another."""
        return stretches(self.marks(name)) if self.is_axis(name) else ()

    def is_axis(self, name: str) -> bool:
        """True for a quotient, and for whatever money is compared with bounds or multiplied by a rate."""
        if name not in self._axes:
            self._axes[name] = name == QUOTIENT or self._is_money(name)
        return self._axes[name]

    def _is_money(self, name: str) -> bool:
        facts = [one.book.facts[name] for one in self.subjects if name in one.book.facts]
        if (
            name in CHILDREN
            or name in DEDUCED
            or not any(fact and fact.kind is Kind.NUMBER for fact in facts)
        ):
            return False
        rated = any(is_rated(name, one.rule, one.book) for one in self.subjects)
        return rated or any(bound > _MOST_COUNTED for bound in self.marks(name).bounds)

    # --- Values

    def _fact(self, name: str) -> Fact:
        """The fact as declared, the values of every rulebook together."""
        facts = [one.book.facts[name] for one in self.subjects if name in one.book.facts]
        values = dict.fromkeys(value for fact in facts for value in fact.values)
        return replace(facts[0], values=tuple(values))

    def marks(self, name: str) -> Marks:
        """How the subjects look at the fact, all together."""
        if name not in self._marks:
            self._marks[name] = self._all_marks(name)
        return self._marks[name]

    def _all_marks(self, name: str) -> Marks:
        marks = [marks_of(name, one.rule, one.book) for one in self.subjects]
        bounds = {bound for one in marks for bound in one.bounds} | self._met.get(name, set())
        for one, book in zip(self.subjects, self._books, strict=True):
            if is_clock(name, book):
                bounds |= slice_bounds(name, one.rule, book, self.day)
        words = dict.fromkeys(word for one in marks for word in one.words)
        unknown, slopes = (any(getattr(one, word) for one in marks) for word in ("unknown", "slopes"))
        return Marks(tuple(sorted(bounds)), tuple(words), unknown, slopes)

    def _values(self, name: str) -> tuple[Any, ...]:
        if not self.reads(name) or not self._is_one_kind(name):
            return ()
        if name == "jour" and self.weekdays is not None:
            return tuple(self.weekdays)
        if self.is_axis(name):
            known = tuple(value for stretch in self.stretches(name) for value in stretch.tries)
            return (*known, None) if name == QUOTIENT else known
        values = values_to_try(name, self._fact(name), self.marks(name))
        return values or ((_UNIT,) if any(name in one.units for one in self.subjects) else ())

    def _is_one_kind(self, name: str) -> bool:
        kinds = {one.book.facts[name].kind for one in self.subjects if name in one.book.facts}
        return len(kinds) == 1

    # --- Answers

    def _all(self) -> list[Tried]:
        found: list[Tried] = []
        for tried in self._from(dict(self.known)):
            if len(found) == _MOST_TRIALS:
                facts = enumerate_fr([quoted(name) for name in tried.facts])
                raise BusinessError(
                    "too_many_trials",
                    f"Trop de cas à essayer ; donnez la valeur de l’un de ces faits : {facts}.",
                )
            found.append(tried)
        return found

    def _from(self, facts: dict[str, Any]) -> Iterator[Tried]:
        """The trials that share these facts."""
        try:
            answers = tuple(self._answer(index, facts) for index in range(len(self.subjects)))
        except MissingFact as missing:
            for value in self.values(missing.fact):
                yield from self._from({**facts, missing.fact: value})
            return
        yield Tried(facts, answers)

    def _answer(self, index: int, facts: Mapping[str, Any]) -> Answer:
        """The answer of one subject; raises MissingFact for a fact that can be tried."""
        trace = Trace()
        try:
            amount = self.subjects[index].compute(self._context(index, facts, trace))
        except MissingFact as missing:
            if missing.fact not in facts and self.values(missing.fact):
                raise
            return Answer(None, missing=missing.fact)
        except BusinessError as error:
            return Answer(None, problem=error.message)
        return Answer(amount, tuple(dict.fromkeys(step.rule for step in trace.steps)))

    def _context(self, index: int, facts: Mapping[str, Any], trace: Trace) -> Context:
        """The context of the facts that this rulebook does not compute itself."""
        book = self._books[index]
        given = {
            name: value
            for name, value in facts.items()
            if name in self.known or name in self._asked or name not in book.named
        }
        return book.context(given, day=self.day, trace=trace)

    # --- Where slopes meet their floors and ceilings

    def _find_meeting_points(self, found: Sequence[Tried]) -> bool:
        """Notes the bounds that no rule writes; True when there are new ones."""
        kinds_of_families: dict[Any, Tried] = {}
        for tried in found:
            axis = next((name for name in tried.facts if self.is_axis(name)), None)
            if axis is not None and self.marks(axis).slopes:
                rest = tuple(item for item in tried.facts.items() if item[0] != axis)
                kinds_of_families.setdefault((axis, rest), tried)
        for (axis, _), tried in kinds_of_families.items():
            for index, subject in enumerate(self.subjects):
                context = self._context(index, tried.facts, Trace())
                marks = self.marks(axis)
                points = meeting_points(axis, subject.rule, self._books[index], context, marks)
                self._met.setdefault(axis, set()).update(points)
        return any(self._met.values())
