"""Billing in words: who pays, small bills, means of payment, instalments."""

from collections.abc import Iterator

from domain.french import month_name, quoted
from domain.rulebook.billing import Billing, Instalments, Means, Minimum
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import if_any, say_condition
from domain.rulebook.wording.french_names import of
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, both
from domain.rulebook.wording.values import say_value

_MEANS = {
    "cheque": "par chèque",
    "especes": "en espèces",
    "carte": "par carte bancaire",
    "cb": "par carte bancaire",
    "virement": "par virement",
    "prelevement": "par prélèvement",
    "cesu": "en CESU",
    "ancv": "en chèques-vacances ANCV",
    "tickets": "en tickets",
}


def billing_sentences(rules: Billing, lexicon: Lexicon) -> Iterator[Sentence]:
    place = Place(rules.path)
    if rules.payer is not None:
        yield place.below("payeur").says(
            f"Chaque présence est facturée à la personne que désigne {quoted(lexicon.name(rules.payer))}"
        )
    if rules.minimum is not None:
        yield _minimum(rules.minimum, lexicon)
    for means in rules.means:
        yield _means(means, lexicon)
    if rules.instalments is not None:
        yield from _instalments(rules.instalments)


def _minimum(rule: Minimum, lexicon: Lexicon) -> Sentence:
    rest = "attend et s’ajoute à la facture suivante" if rule.carried else "n’est pas réclamée"
    unless = "" if rule.unless is None else f", sauf {say_condition(rule.unless, lexicon)}"
    return Place(rule.path).says(f"Une facture de moins de {say_value(rule.amount, lexicon)} {rest}{unless}")


def _means(means: Means, lexicon: Lexicon) -> Sentence:
    which = (
        "toutes les activités"
        if means.activities is None
        else both(lexicon.activity(one) for one in means.activities)
    )
    by = _MEANS.get(means.name) or f"par le moyen « {lexicon.word(means.name)} »"
    ceiling = "" if means.ceiling is None else f", dans la limite de {say_value(means.ceiling, lexicon)}"
    return Place(means.path).says(f"{if_any(means.when, lexicon)}on peut payer {by} : {which}{ceiling}")


def _instalments(rule: Instalments) -> Iterator[Sentence]:
    place = Place(rule.path)
    months = (rule.last_month - rule.first_month) % 12 + 1
    day = "dernier jour" if rule.day_of_month == 31 else numbers.day_number(rule.day_of_month)
    yield place.says(
        f"Le paiement peut se faire en {months} fois, le {day} de chaque mois"
        f"{numbers.shorter_months(rule.day_of_month)}, {of(month_name(rule.first_month))} à "
        f"{month_name(rule.last_month)} compris"
    )
    yield place.below("arrondi").says(
        f"Les parts sont égales, arrondies {numbers.say_rounding(rule.rounding)} ; la dernière prend le reste"
    )
