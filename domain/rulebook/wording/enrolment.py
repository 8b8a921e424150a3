"""Enrolment in words: windows, conditions, documents, chosen days, and who gets the places."""

from collections.abc import Iterator
from datetime import date

from domain.french import quoted, weekday_name
from domain.rulebook.counts import Span
from domain.rulebook.days import Compare
from domain.rulebook.enrolment import Allocation, Choice, Enrolment, Paper, Ranking, Tie, Window
from domain.rulebook.formulas import Formula
from domain.rulebook.wording import numbers
from domain.rulebook.wording.channels import say_channels
from domain.rulebook.wording.conditions import if_any, say_condition
from domain.rulebook.wording.formulas import Unit, constant
from domain.rulebook.wording.grids import value_sentences
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, both
from domain.rulebook.wording.values import say_value

_GROUPS = {
    Span.DAY: "pour chaque jour",
    Span.WEEK: "pour chaque semaine",
    Span.MONTH: "pour chaque mois",
    Span.SCHOOL_YEAR: "pour chaque année scolaire",
    Span.CIVIL_YEAR: "pour chaque année civile",
    Span.BILL: "pour l’ensemble des jours",
    Span.ORDER: "pour l’ensemble des jours",
    Span.PERIOD: "pour chaque période du calendrier",
}
_RANKINGS = {
    Ranking.FIRST_MET: "Quand les places manquent, le premier critère rempli donne le rang d’une demande ; "
    "celles qui n’en remplissent aucun viennent après",
    Ranking.CASCADE: "Quand les places manquent, le critère 1 passe avant tout ; chaque critère suivant "
    "départage les demandes que les précédents laissent égales",
    Ranking.POINTS: "Quand les places manquent, elles vont aux demandes qui ont le plus de points",
}
_MOMENTS = {
    Compare.UNTIL: ", ce moment compris",
    Compare.BEFORE: ", ce moment exclu",
    Compare.MINUTE: ", cette minute comprise",
}
_TIES = {
    Tie.ARRIVAL: "À égalité, l’ordre d’arrivée des demandes décide",
    Tie.NONE: "À égalité, aucun ordre n’est fixé : la commune décide",
}


def enrolment_sentences(rules: Enrolment, lexicon: Lexicon, version: str = "") -> Iterator[Sentence]:
    place = Place(rules.path, version)
    for window in rules.windows:
        yield _window(window, place.at(window.path), lexicon)
    if rules.conditions:
        names = both(quoted(lexicon.name(name)) for name in rules.conditions)
        many = (
            "Ces conditions doivent être remplies"
            if len(rules.conditions) > 1
            else "Cette condition doit être remplie"
        )
        yield place.below("conditions").says(f"{many} : {names}")
    for paper in rules.papers:
        yield _paper(paper, place.at(paper.path), lexicon)
    for choice in rules.choices:
        yield _choice(choice, place.at(choice.path), lexicon)
    if rules.allocation is not None:
        yield from allocation_sentences(rules.allocation, lexicon, version)


def _window(window: Window, place: Place, lexicon: Lexicon) -> Sentence:
    period = (
        "" if window.period is None else f" pour la période {lexicon.quoted_value('periode', window.period)}"
    )
    who = f"{if_any(window.when, lexicon)}l’inscription{period}{say_channels(window.channels, lexicon)}"
    opens = f"ouvre le {numbers.opening(window.opens)}"
    closes = "et ne ferme pas" if window.closes is None else f"et ferme le {numbers.closing(window.closes)}"
    moment = "" if window.compare is None else _MOMENTS[window.compare]
    days = f" ; accueil seulement {both(map(_counter_day, window.days))}" if window.days else ""
    return place.says(f"{who} {opens} {closes}{moment}{days}")


def _counter_day(day: date | int) -> str:
    """« le mercredi », « le mardi 1er septembre 2026 »."""
    return f"le {weekday_name(day) if isinstance(day, int) else numbers.calendar_day(day)}"


def _paper(paper: Paper, place: Place, lexicon: Lexicon) -> Sentence:
    said = f"{if_any(paper.when, lexicon)}il faut fournir : {quoted(paper.name)}{_copies(paper, lexicon)}"
    for one in paper.instead:
        condition = f", {say_condition(one.when, lexicon)}" if one.when.facts() else ""
        said += f" ; ou à la place {quoted(one.name)}{condition}"
    if paper.months is not None:
        said += f" ; la pièce date de {paper.months} mois au plus"
    if paper.valid:
        said += " ; la pièce est encore valable le jour de la demande et le jour du service"
    return place.says(said)


def _copies(paper: Paper, lexicon: Lexicon) -> str:
    """« (6 exemplaires) », « (autant d’exemplaires que : le nombre d’adultes) »; nothing for one."""
    if paper.copies is None:
        return ""
    number = constant(paper.copies) if isinstance(paper.copies, Formula) else None
    said = say_value(paper.copies, lexicon, Unit.NUMBER)
    if number is None:
        return f" (autant d’exemplaires que : {said})"
    return f" ({said} exemplaire{'s' if number >= 2 else ''})"


def _choice(choice: Choice, place: Place, lexicon: Lexicon) -> Sentence:
    wanted = say_condition(choice.wanted, lexicon)
    return place.says(
        f"{if_any(choice.when, lexicon)}{_GROUPS[choice.span]}, les jours choisis conviennent {wanted} ; "
        f"sinon : {quoted(choice.message)}"
    )


def allocation_sentences(rule: Allocation, lexicon: Lexicon, version: str = "") -> Iterator[Sentence]:
    """Each criterion with its rank, or the points, then what decides between equals."""
    place = Place(rule.path, version)
    yield place.below("classement").says(_RANKINGS[rule.ranking])
    for rank, criterion in enumerate(rule.criteria, 1):
        said = say_condition(criterion, lexicon)
        yield place.at(criterion.path or rule.path).says(f"critère {rank} : {said}")
    if rule.points is not None:
        yield from value_sentences(
            "le nombre de points d’une famille", rule.points, place.below("points"), lexicon, Unit.NUMBER
        )
    yield place.below("egalite").says(_TIES[rule.tie])
