"""Conditions: tests of facts that must all hold, with `et`, `ou`, `non` for the rest."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from domain.errors import BusinessError
from domain.rulebook.facts import Context, Test, read_test
from domain.rulebook.schema import NAME, Reader, require_whole, unknown
from domain.rulebook.trace import MissingFact, Trace, Unanswered
from domain.rulebook.tree import Node

_WORDS = ("et", "ou", "non")


@dataclass(frozen=True, slots=True)
class Condition:
    """True when every test and `all_of` hold, at least one of `any_of` (if any), and no `none_of`."""

    path: str
    tests: tuple[tuple[str, Test], ...] = ()
    all_of: tuple["Condition", ...] = ()
    any_of: tuple["Condition", ...] = ()
    none_of: tuple["Condition", ...] = ()

    def holds(self, context: Context) -> bool:
        """Raises MissingFact for a fact nobody gave, Unanswered for an unknown one not foreseen.

        Only when that fact could change the result: what is true or false without it is answered.
        """
        if len(self.tests) == 1 and not (self.all_of or self.any_of or self.none_of):
            return self._accepts(*self.tests[0], context)  # most conditions: nothing to weigh
        doubt = None
        for part in self._parts(context):
            try:
                if not part():
                    return False
            except (MissingFact, Unanswered) as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return True

    def _parts(self, context: Context) -> Iterator[Callable[[], bool]]:
        """Everything that must be true."""
        for name, test in self.tests:
            yield partial(self._accepts, name, test, context)
        for condition in self.all_of:
            yield partial(condition.holds, context)
        if self.any_of:
            yield partial(_some, self.any_of, context)
        for condition in self.none_of:
            yield partial(_fails, condition, context)

    def _accepts(self, name: str, test: Test, context: Context) -> bool:
        value = context.fact(name, self.path)
        if value is None and not test.speaks_of_unknown and not context.declared[name].may_be_none:
            raise Unanswered(f"Le fait « {name} » est inconnu et {self.path} ne prévoit pas ce cas.")
        return test.accepts(value)

    @property
    def is_always(self) -> bool:
        """True when it asks nothing."""
        return not (self.tests or self.all_of or self.any_of or self.none_of)

    def split(self, chosen: Callable[["Condition"], bool]) -> tuple["Condition", "Condition"]:
        """Two conditions that hold together when this one does; the second has the `chosen` parts."""
        parts = [
            *(Condition(self.path, tests=(test,)) for test in self.tests),
            *self.all_of,
            *([Condition(self.path, any_of=self.any_of)] if self.any_of else ()),
            *(Condition(self.path, none_of=(one,)) for one in self.none_of),
        ]
        taken = [part for part in parts if chosen(part)]
        if len(taken) in (0, len(parts)):
            return (ALWAYS, self) if taken else (self, ALWAYS)
        rest = tuple(part for part in parts if part not in taken)
        return Condition(self.path, all_of=rest), Condition(self.path, all_of=tuple(taken))

    def facts(self) -> set[str]:
        """The names of the facts it reads."""
        inner = (*self.all_of, *self.any_of, *self.none_of)
        return {name for name, _ in self.tests}.union(*(condition.facts() for condition in inner))

    def inputs(self, context: Context) -> dict[str, Any]:
        """The facts it reads, for an explanation; those that lack are left out."""
        silent = context.with_facts()
        silent.trace = Trace()
        found = {}
        for name in sorted(self.facts()):
            try:
                found[name] = silent.fact(name, self.path)
            except BusinessError:
                continue
        return found


ALWAYS = Condition("")


def _some(conditions: Iterable[Condition], context: Context) -> bool:
    """True as soon as one is true; one in doubt matters only when no other is true."""
    return not Condition("", none_of=tuple(conditions)).holds(context)


def _fails(condition: Condition, context: Context) -> bool:
    return not condition.holds(context)


def read_condition(node: Node, reader: Reader) -> Condition:
    """A mapping fact -> test; « toujours » when nothing is asked."""
    if node.value == "toujours":
        return Condition(node.path)
    if node.is_text:
        fact = node.text() if NAME.fullmatch(node.text()) else "residence"
        raise node.bad(f"une condition est « toujours », ou des faits et leur test : {{{fact}: oui}}.")
    if not node.mapping():
        raise node.bad("cette condition est vide : écrivez « toujours », ou un fait et son test.")
    parts: dict[str, list[Any]] = {"tests": [], "et": [], "ou": [], "non": []}
    found = [reader.read(_part(word, parts), child) for word, child in node.mapping().items()]
    require_whole(node, reader, *found)
    return Condition(
        node.path, tuple(parts["tests"]), tuple(parts["et"]), tuple(parts["ou"]), tuple(parts["non"])
    )


def _part(word: str, parts: dict[str, list[Any]]) -> Any:
    """The spec that reads one key of a condition into `parts`."""

    def read(node: Node, reader: Reader) -> None:
        if word in _WORDS:
            inner = node.items() if node.is_list else [node]
            if not inner:
                raise node.bad("cette liste de conditions est vide.")
            parts[word].extend(read_condition(child, reader) for child in inner)
            return
        declared = reader.known("fait")
        if word not in declared:
            raise node.bad(unknown("le fait", word, declared))
        reader.note("fait", word, node)
        parts["tests"].append((word, read_test(declared[word], node, reader)))

    return read
