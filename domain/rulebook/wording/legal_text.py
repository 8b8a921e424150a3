"""The whole règlement as French text: sections of sentences, each tied to the rule that it states."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from domain.french import quoted
from domain.rulebook.almanac import BUILT_IN
from domain.rulebook.enrolment import Enrolment
from domain.rulebook.ladders import Ladder
from domain.rulebook.named import NamedCondition
from domain.rulebook.prices import Tariff
from domain.rulebook.rulebook import Activity, Identity, Rulebook
from domain.rulebook.versions import Dated, Version
from domain.rulebook.wording.absences import absence_sentences
from domain.rulebook.wording.billing import billing_sentences
from domain.rulebook.wording.days_off import calendar_sentences, opening_sentences
from domain.rulebook.wording.enrolment import enrolment_sentences
from domain.rulebook.wording.ladders import ladder_sentences, shares_acts
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.money_names import euro_names
from domain.rulebook.wording.named import fact_sentence, named_sentences
from domain.rulebook.wording.numbers import calendar_day
from domain.rulebook.wording.quotients import quotient_sentences
from domain.rulebook.wording.tariffs import tariff_sentences
from domain.rulebook.wording.text import Place, Section, Sentence
from domain.rulebook.wording.totals import count_sentence, total_sentences

Sentences = Iterator[Sentence]
# Facts that nobody declares: those of a day or of an act, those that a bill or a choice of days works out.
_OF_GROUPS = {"nombre", "total", "jours_choisis", "jours_ouverts", "jours_manquants"}
_OF_PRESENCES = {
    "etat",
    "enfant",
    "activite",
    "parent",
    "quotient",
    "periode",
    "reserve_hors_delai",
    "premier_jour",
    "dernier_jour",
}
_WORKED_OUT = frozenset(BUILT_IN) | _OF_GROUPS | _OF_PRESENCES


def legal_text(book: Rulebook, words: Mapping[str, str] | None = None) -> tuple[Section, ...]:
    """The règlement, section by section; no rule is left out.

    `words` gives better French than the file for its names and values (« demi_journee »: « Demi-journée »).
    """
    lexicon = lexicon_of(book, words)
    sections = [_section(book.identity.name, _identity(book.identity))]
    for activity in book.activities.values():
        sections += _activity(activity, lexicon)
    sections.append(_section("Totaux sur une période", _totals(book, lexicon)))
    if book.quotient is not None:
        sections.append(_section("Quotient familial", quotient_sentences(book.quotient)))
    if book.billing is not None:
        sections.append(_section("Factures et paiement", billing_sentences(book.billing, lexicon)))
    sections.append(_section("Calendrier", calendar_sentences(book.almanac, lexicon)))
    sections.append(_section("Ce qui se calcule", _named(book, lexicon)))
    sections.append(_section("Ce que la famille ou le service indique", _facts(book, lexicon)))
    return tuple(section for section in sections if section.sentences)


def lexicon_of(book: Rulebook, words: Mapping[str, str] | None = None) -> Lexicon:
    """How the names of a rulebook are called."""
    conditions = frozenset(
        name
        for name, rule in book.named.items()
        if isinstance(rule.versions.versions[0].rule, NamedCondition)
    )
    labels = {name: activity.label for name, activity in book.activities.items()}
    whole = frozenset(name for name, fact in book.facts.items() if fact.whole) | _counted(book)
    return Lexicon(book.facts, labels, words or {}, euro_names(book), conditions, whole)


def _counted(book: Rulebook) -> frozenset[str]:
    """The facts that a bill counts."""
    return frozenset(count.name for activity in book.activities.values() for count in activity.counts)


def _section(title: str, sentences: Iterable[Sentence]) -> Section:
    return Section(title, tuple(sentences))


def _identity(identity: Identity) -> Sentences:
    place = Place("reglement")
    organiser = f", organisateur : {identity.organiser}" if identity.organiser else ""
    yield place.below("nom").says(f"Règlement : {identity.name}{organiser}")
    if identity.source:
        yield place.below("source").says(f"Texte d’origine : {quoted(identity.source)}")
    for remark in identity.remarks:
        yield place.below("remarques").says(f"À noter : {remark}")


# --- An activity


def _activity(activity: Activity, lexicon: Lexicon) -> Iterator[Section]:
    def titled(what: str, sentences: Sentences) -> Section:
        return _section(f"{activity.label} : {what}", sentences)

    yield titled("jours", _days(activity, lexicon))
    parts: tuple[tuple[str, Dated | None, Callable[[Version, str], Sentences], str], ...] = (
        ("délais", activity.ladders, _ladders, "Ces délais valent pour les demandes faites"),
        ("prix", activity.tariff, _tariff, "Ces prix valent pour les jours de service"),
        ("absences", activity.absences, _absences, "Ces règles valent pour les absences qui commencent"),
        ("inscription", activity.enrolment, _enrolment, "Ces règles valent pour les inscriptions"),
    )
    for what, dated, said, about in parts:
        for version in () if dated is None else dated.versions:
            title = f"{what}, version {quoted(version.name)}" if dated.changes else what
            yield titled(title, _in_force(dated, version, about, said, lexicon))
    yield titled("comptes", _counts(activity, lexicon))


def _in_force(
    dated: Dated, version: Version, about: str, said: Callable[..., Sentences], lexicon: Lexicon
) -> Sentences:
    """The dates of a version in words, then its rules; a rule without dates has no such sentence."""
    if dated.changes:
        yield Place(dated.path, version.name).says(f"{about} {say_dates(version)}")
    yield from said(version, dated.path, lexicon)


def say_dates(version: Version) -> str:
    """« du lundi 1er septembre 2025 au lundi 31 août 2026 compris », « à partir du … »."""
    if version.first_day is None:
        return "à toute date"
    first = calendar_day(version.first_day)
    if version.last_day is None:
        return f"à partir du {first} compris"
    return f"du {first} au {calendar_day(version.last_day)}, ces deux jours compris"


def _days(activity: Activity, lexicon: Lexicon) -> Sentences:
    if activity.opening is None:
        yield Place(activity.path).says(
            f"Les jours de l’activité {quoted(activity.label)} ne sont pas écrits ici"
        )
    else:
        yield from opening_sentences(activity.opening, activity.path, activity.label, lexicon)
    if activity.ladders is not None and _may_change(activity):
        what = "une modification" if activity.rebooking_is_change else "une nouvelle réservation"
        place = Place(activity.path).below("annuler_puis_reserver")
        yield place.says(f"Reprendre un jour annulé est {what}")


def _may_change(activity: Activity) -> bool:
    """Whether the text must say what booking a cancelled day again is."""
    ladders = (ladder for version in activity.ladders.versions for ladder in version.rule)
    return activity.rebooking_is_change or any("modifier" in ladder.actions for ladder in ladders)


def _ladders(version: Version, path: str, lexicon: Lexicon) -> Sentences:
    ladders: tuple[Ladder, ...] = version.rule
    for index, ladder in enumerate(ladders):
        elsewhere = shares_acts(ladder, ladders[:index])
        yield from ladder_sentences(ladder, lexicon, version.name, elsewhere=elsewhere)
    yield Place(path, version.name).says(
        "Dans tous les cas, rien ne change plus pour un jour passé ou un jour où l’activité n’a pas lieu"
    )


def _tariff(version: Version, path: str, lexicon: Lexicon) -> Sentences:
    tariff: Tariff = version.rule
    return tariff_sentences(tariff, lexicon, version.name)


def _absences(version: Version, path: str, lexicon: Lexicon) -> Sentences:
    return absence_sentences(version.rule, path, lexicon, version.name)


def _enrolment(version: Version, path: str, lexicon: Lexicon) -> Sentences:
    rules: Enrolment = version.rule
    return enrolment_sentences(rules, lexicon, version.name)


def _counts(activity: Activity, lexicon: Lexicon) -> Sentences:
    for count in activity.counts:
        yield count_sentence(count, activity.label, lexicon, Place(count.path))


# --- What activities share


def _totals(book: Rulebook, lexicon: Lexicon) -> Sentences:
    for dated in book.totals:
        for version in dated.versions:
            if dated.changes:
                dates = f"vaut pour les jours de service {say_dates(version)}"
                yield Place(dated.path, version.name).says(f"La règle {quoted(version.rule.name)} {dates}")
            yield from total_sentences(version.rule, lexicon, version.name)


def _named(book: Rulebook, lexicon: Lexicon) -> Sentences:
    for name, rule in book.named.items():
        dated: Dated = rule.versions
        for version in dated.versions:
            if dated.changes:
                dates = f"la règle suivante vaut {say_dates(version)}"
                yield Place(dated.path, version.name).says(f"Pour {quoted(lexicon.name(name))}, {dates}")
            yield from named_sentences(name, version.rule, lexicon, version.name)


def _facts(book: Rulebook, lexicon: Lexicon) -> Sentences:
    """What somebody must give: neither of a day, nor deduced, nor counted."""
    counted = _counted(book)
    for name, fact in book.facts.items():
        if name not in _WORKED_OUT and name not in counted and name not in book.named:
            yield fact_sentence(name, fact, lexicon)
