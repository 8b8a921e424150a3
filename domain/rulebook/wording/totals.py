"""What is counted and summed over a period: counts, packages, caps."""

from collections.abc import Iterator

from domain.french import quoted
from domain.rulebook.counts import Among, By, Count, Span
from domain.rulebook.formulas import Formula
from domain.rulebook.prices import Operation
from domain.rulebook.totals import FactsFrom, Share, Total
from domain.rulebook.wording.conditions import after, if_any
from domain.rulebook.wording.formulas import Unit
from domain.rulebook.wording.grids import value_sentences
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.numbers import say_rounding
from domain.rulebook.wording.tariffs import say_operation
from domain.rulebook.wording.text import Place, Sentence, both

_EACH = {
    Span.DAY: "chaque jour",
    Span.WEEK: "chaque semaine (du lundi au dimanche)",
    Span.MONTH: "chaque mois",
    Span.SCHOOL_YEAR: "chaque année scolaire (du 1er septembre au 31 août)",
    Span.CIVIL_YEAR: "chaque année civile",
    Span.BILL: "sur chaque facture",
    Span.ORDER: "dans chaque commande",
    Span.PERIOD: "chaque période du calendrier",
}
_AMONG = {
    Among.PRESENCES: "les présences",
    Among.CHILDREN: "les enfants différents",
    Among.DAYS: "les jours de présence différents",
    Among.OPEN_DAYS: "les jours d’ouverture",
    Among.ABSENCES: "les jours d’absence, dus ou non",
}
_LAST_PRESENCE = "jusqu’à la présence examinée comprise"
_FACTS_FROM = {
    FactsFrom.FIRST: "celle du premier jour compte",
    FactsFrom.LAST: "celle du dernier jour compte",
}
_SHARES = {
    Share.PRORATA: "entre les enfants, en proportion de leurs montants",
    Share.EQUAL: "entre les enfants, en parts égales",
}
_BY = {
    By.CHILD: "pour chaque enfant",
    By.FAMILY: "pour toute la famille",
    By.PAYER: "pour chaque personne qui paie",
}


def count_sentence(count: Count, label: str, lexicon: Lexicon, place: Place) -> Sentence:
    """What a count counts: over which period, for whom, in which activities."""
    where = "dans toutes les activités" if count.everywhere else f"dans l’activité {quoted(label)}"
    last = "jusqu’au jour examiné compris" if count.among is Among.ABSENCES else _LAST_PRESENCE
    so_far = f", {last}" if count.so_far else ""
    return place.says(
        f"on compte {_AMONG[count.among]}, {_EACH[count.span]}, {_BY[count.by]}, {where}{so_far}"
        f"{after(count.when, lexicon, lead=', ')} : c’est {quoted(lexicon.name(count.name))}"
    )


def total_sentences(total: Total, lexicon: Lexicon, version: str = "") -> Iterator[Sentence]:
    """What a total changes: whose sum, over which period, how."""
    place = Place(total.path, version)
    lead = f"{quoted(total.name)} : {_group(total, lexicon)}, "
    unit = Unit.NUMBER if total.effect is Operation.MULTIPLY else Unit.EUROS
    if isinstance(total.value, Formula):
        yield place.says(f"{lead}{say_operation(total.effect, total.value, lexicon, 'le total')}")
    else:
        yield place.says(f"{lead}{say_operation(total.effect, None, lexicon, 'le total')}")
        subject = "ce montant" if unit is Unit.EUROS else "ce nombre"
        yield from value_sentences(subject, total.value, place.below("valeur"), lexicon, unit)
    yield place.below("arrondi").says(f"Ce total est arrondi {say_rounding(total.rounding)}")
    if total.facts_from is not None:
        yield place.below("faits_de").says(
            f"Quand les présences réunies diffèrent, {_FACTS_FROM[total.facts_from]}"
        )
    if total.share is not None:
        yield place.below("partage").says(
            f"Ce que cette règle change est partagé {_SHARES[total.share]}, au centime"
        )


def _group(total: Total, lexicon: Lexicon) -> str:
    """Whose presences are put together, over which period."""
    activities = both(quoted(lexicon.activity(name)) for name in total.activities)
    together = " réunies" if len(total.activities) > 1 else ""
    group = f"{_EACH[total.span]} et {_BY[total.by]}, pour {activities}{together}"
    gathered = f"{group}{after(total.when, lexicon, lead=', en ne comptant une présence que ')}"
    return f"{if_any(total.of_group, lexicon)}{gathered}"
