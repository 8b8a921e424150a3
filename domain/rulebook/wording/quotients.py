"""Which quotient familial counts, from when, until when, and what an unknown one means."""

from collections.abc import Iterator

from domain.rulebook.quotients import Change, Custody, First, QuotientRule, Snapshot, Unknown, Validity
from domain.rulebook.wording.numbers import day_and_month, say_rounding
from domain.rulebook.wording.text import Place, Sentence

_SNAPSHOTS = {
    Snapshot.SERVICE: "le jour du service",
    Snapshot.BOOKING: "le jour de la réservation",
    Snapshot.MONTH: "le premier jour du mois de service",
}
_CHANGES = {
    Change.IMMEDIATE: "dès le jour où son justificatif est reçu",
    Change.NEXT_MONTH: "à partir du premier jour du mois qui suit la réception de son justificatif",
    Change.NEXT_PERIOD: "à partir de la période qui suit la réception de son justificatif",
    Change.NEXT_YEAR: "à partir du 1er janvier qui suit la réception de son justificatif",
}
_BACKWARDS = "dès le premier jour du mois où son justificatif est reçu"
_VALIDITIES = {
    Validity.CIVIL_YEAR: "jusqu’au 31 décembre de l’année où il prend effet",
    Validity.SCHOOL_YEAR: "jusqu’au 31 août de l’année scolaire où il prend effet",
    Validity.ENDLESS: "jusqu’à ce qu’un autre le remplace",
}
_UNKNOWN = {
    Unknown.ROW: "a le prix de la ligne « inconnu »",
    Unknown.TOP: "a le prix de la tranche la plus haute",
    Unknown.REFUSE: "n’a pas de prix prévu : elle doit le donner",
}
_CUSTODY = {
    Custody.OWN: "Quand les parents vivent séparés, chacun a le prix de son propre quotient",
    Custody.LOWEST: "Quand les parents vivent séparés, le plus bas de leurs quotients est pris",
    Custody.HIGHEST: "Quand les parents vivent séparés, le plus haut de leurs quotients est pris",
    Custody.MEAN: "Quand les parents vivent séparés, la moyenne de leurs quotients est prise",
    Custody.UNSAID: "Le cas de deux parents séparés qui ont chacun un quotient n’est pas prévu",
}


def quotient_sentences(rule: QuotientRule) -> Iterator[Sentence]:
    """One sentence for each answer that a town must give about the quotient."""
    place = Place(rule.path)
    yield place.says(f"Le quotient familial pris en compte est celui qui vaut {_snapshot(rule)}")
    change = _BACKWARDS if rule.retroactive else _CHANGES[rule.change]
    yield place.says(f"Un nouveau quotient compte {change}")
    if rule.first is First.RECEIPT:
        yield place.says(
            "Le tout premier quotient d’une famille compte dès le jour où son justificatif est reçu"
        )
    yield place.says(f"Un quotient vaut {_VALIDITIES[rule.validity]}")
    if rule.campaign is not None:
        yield place.says(
            f"Reçu à partir du {day_and_month(*rule.campaign)}, un quotient vaut aussi toute l’année suivante"
        )
    yield place.says(f"Une famille dont le quotient est inconnu {_UNKNOWN[rule.unknown]}")
    yield place.says(_CUSTODY[rule.custody])
    if rule.rounding is None:
        yield place.says("Le quotient n’est pas arrondi")
    else:
        yield place.says(f"Le quotient est arrondi {say_rounding(rule.rounding, money=False)}")


def _snapshot(rule: QuotientRule) -> str:
    if isinstance(rule.snapshot, tuple):
        return f"le dernier {day_and_month(*rule.snapshot)} avant le jour du service, ou ce jour-là"
    return _SNAPSHOTS[rule.snapshot]
