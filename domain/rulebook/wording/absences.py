"""What stays due of an absence, rule by rule, and how the rest is given back."""

from collections.abc import Iterator

from domain.french import quoted
from domain.rulebook.absences import AbsenceRule, DueDays, From, Length, Notice, Proof, Refund, Share, Unit
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.cutoffs import say_cutoff, say_days
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, both
from domain.rulebook.wording.values import say_value

_NOTICE_DAYS = {From.FIRST: "le premier jour d’absence", From.EACH: "chaque jour d’absence"}
_PROOF_DAYS = {
    From.FIRST: "du premier jour d’absence",
    From.LAST: "du dernier jour d’absence",
    From.EACH: "de chaque jour d’absence",
}
_UNITS = {
    Unit.BOOKED: ("jour réservé", "jours réservés"),
    Unit.CALENDAR: ("jour", "jours"),
    Unit.COUNTED: ("jour compté", "jours comptés"),
}
_REFUNDS = {
    "non_facture": "n’est pas facturé",
    "deduction": "est déduit de la facture",
    "avoir": "donne un avoir",
    "virement": "est remboursé par virement",
}


def absence_sentences(
    rules: tuple[AbsenceRule, ...], path: str, lexicon: Lexicon, version: str = ""
) -> Iterator[Sentence]:
    """One sentence a rule; the first that fits a day of absence holds for that day."""
    place = Place(path, version)
    if len(rules) > 1:
        yield place.says(
            "Pour chaque jour réservé où l’enfant est absent, la première règle qui convient s’applique"
        )
    for rule in rules:
        yield place.at(rule.path).says(say_absence_rule(rule, lexicon))


def say_absence_rule(rule: AbsenceRule, lexicon: Lexicon) -> str:
    """« grève » : si la cause est « grève », rien n’est dû."""
    said = f"{quoted(rule.name)} : {', et '.join(_conditions(rule, lexicon))}, {_due(rule.due)}"
    if rule.extras:
        said += f" ; un jour dû l’est avec {both(quoted(lexicon.word(name)) for name in rule.extras)}"
    return said if rule.refund is None else f"{said} ; {_refund(rule.refund, lexicon)}"


def _conditions(rule: AbsenceRule, lexicon: Lexicon) -> list[str]:
    """Everything that must be true together, each part a clause."""
    parts = [say_condition(rule.when, lexicon)]
    parts += [] if rule.notice is None else [_notice(rule.notice, lexicon)]
    parts += [] if rule.proof is None else [_proof(rule.proof)]
    parts += [] if rule.length is None else [_length(rule.length)]
    return parts[1:] if len(parts) > 1 and not rule.when.facts() else parts


def _notice(notice: Notice, lexicon: Lexicon) -> str:
    return f"si la famille prévient, pour {_NOTICE_DAYS[notice.of]}, {say_cutoff(notice.until, lexicon)}"


def _proof(proof: Proof) -> str:
    since = _PROOF_DAYS[proof.of]
    if proof.unit is Unit.HOURS:
        hours = numbers.counted(proof.within, "heure", feminine=True)
        return f"si un justificatif est reçu {hours} au plus après {numbers.clock(proof.start)} {since}"
    if proof.within == 0:
        return f"si un justificatif est reçu au plus tard à la fin {since}"
    days = numbers.counted(proof.within, *_UNITS[proof.unit])
    which = "" if proof.counted is None else f" ({say_days(proof.counted)})"
    delay = f"dans les {days} qui suivent la date {since}, dernier jour compris"
    return f"si un justificatif est reçu {delay}{which}"


def _length(length: Length) -> str:
    days = numbers.counted(length.at_least, *_UNITS[length.unit])
    which = "" if length.counted is None else f" ({say_days(length.counted)})"
    edges = ", premier et dernier jours compris" if length.unit is not Unit.BOOKED else ""
    return f"si l’absence dure au moins {days}{which}{edges}"


def _due(due: Share | DueDays) -> str:
    if isinstance(due, Share):
        return "tout est dû" if due is Share.ALL else "rien n’est dû"
    unit = "jour réservé" if due.unit is Unit.BOOKED else "jour"
    since = "à partir du jour où la famille prévient" if due.since_notice else "de l’absence"
    first = numbers.ordinal(due.first)
    if due.last is None:
        said = f"tout est dû à partir du {first} {unit} {since}, ce jour compris{_before(due)}"
    elif due.first == due.last:
        said = f"seul le {first} {unit} {since} est dû"
    else:
        days = f"du {first} au {numbers.ordinal(due.last)} {unit} {since}, ces deux jours compris"
        said = f"tout est dû {days}, et rien ensuite{_before(due)}"
    return f"{said} ; les jours d’absence d’avant qu’elle prévienne sont dus" if due.since_notice else said


def _before(due: DueDays) -> str:
    return ", et rien avant" if due.first > 1 else ""


def _refund(refund: Refund, lexicon: Lexicon) -> str:
    amount = "" if refund.amount is None else f" ; un jour rend : {say_value(refund.amount, lexicon)}"
    return f"{say_refund(refund)}{amount}"


def say_refund(refund: Refund) -> str:
    """« ce qui n’est pas dû est déduit de la facture, le mois suivant »."""
    when = {0: "le mois même", 1: "le mois suivant"}.get(refund.months_later)
    when = when or f"{numbers.in_letters(refund.months_later)} mois plus tard"
    return f"ce qui n’est pas dû {_REFUNDS[refund.form]}, {when}"
