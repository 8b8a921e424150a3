"""Billing terms (P14): minimum bill carried forward, means of payment, instalments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.calendar import add_months
from domain.rulebook import schema
from domain.rulebook.clamping import clamped
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.facts import Context
from domain.rulebook.money import ROUNDING, Rounding
from domain.rulebook.schema import Key
from domain.rulebook.totals import read_activities
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.values import Value, placed, read_value


@dataclass(frozen=True, slots=True)
class Minimum:
    """Under `amount` a bill waits; when not carried, it is dropped. Nothing waits when `unless` holds."""

    path: str
    amount: Value
    carried: bool
    unless: Condition | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """A means of payment: the activities it may pay, an upper amount, a condition."""

    path: str
    name: str
    activities: tuple[str, ...] | None
    ceiling: Value | None
    when: Condition


@dataclass(frozen=True, slots=True)
class Instalments:
    """Equal amounts on a day of each month, from one month to another."""

    path: str
    first_month: int
    last_month: int
    day_of_month: int
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Billing:
    path: str
    payer: str | None
    minimum: Minimum | None
    means: tuple[Means, ...]
    instalments: Instalments | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What is asked after one bill: an amount (None: nothing yet) and what waits for the next."""

    asked: Decimal | None
    carried: Decimal


def notices(minimum: Minimum, bills: Sequence[Decimal], context: Context) -> list[Notice]:
    """The notices after each bill, in order."""
    threshold = minimum.amount.evaluate(context)
    if minimum.unless is not None and minimum.unless.holds(context):
        context.trace.add(minimum.path, "tout est demandé, même sous le seuil")
        threshold = Decimal(0)
    waiting, found = Decimal(0), []
    for bill in bills:
        waiting += bill
        if waiting >= threshold:
            found.append(Notice(waiting, Decimal(0)))
            waiting = Decimal(0)
        else:
            waiting = waiting if minimum.carried else Decimal(0)
            found.append(Notice(None, waiting))
        said = "en attente" if found[-1].asked is None else "demandé"
        context.trace.add(minimum.path, f"seuil {in_words(threshold)} : {said}")
    return found


def smallest_bill(minimum: Minimum, context: Context) -> int:
    """The cents under which a bill is not asked for; 0 when everything is. Raises BusinessError."""
    if minimum.unless is not None and minimum.unless.holds(context):
        return 0
    return max(0, int((minimum.amount.evaluate(context) * 100).to_integral_value()))


def payable(means: Means, bills: Mapping[str, Decimal], context: Context) -> Decimal:
    """The most that this means may pay of bills given by activity."""
    if not means.when.holds(context):
        return Decimal(0)
    chosen = (
        amount for name, amount in bills.items() if means.activities is None or name in means.activities
    )
    total = sum(chosen, Decimal(0))
    return total if means.ceiling is None else min(total, means.ceiling.evaluate(context))


def schedule(
    rule: Instalments, first_year: int, amount: Decimal, since: date | None = None, paid: Decimal = Decimal(0)
) -> list[tuple[date, Decimal]]:
    """The dates and the parts of what is left to pay; the last part takes what rounding left.

    A family that arrives pays from `since` on; `paid` is what earlier dates already took. Raises Unanswered
    when no date is left.
    """
    months = (rule.last_month - rule.first_month) % 12 + 1
    days = [
        clamped(*add_months(first_year, rule.first_month, offset), rule.day_of_month)
        for offset in range(months)
    ]
    days = [day for day in days if since is None or day >= since]
    if not days:
        raise Unanswered(f"{rule.path} : aucune échéance ne reste à cette date.")
    left = amount - paid
    part = rule.rounding.round(left / len(days))
    return [(day, part) for day in days[:-1]] + [(days[-1], left - part * (len(days) - 1))]


_MINIMUM = placed(
    Minimum,
    Key("montant", "amount", read_value, "le montant sous lequel une facture attend"),
    Key("report", "carried", schema.yes_no, "le reste est-il reporté sur la facture suivante"),
    Key("sauf", "unless", read_condition, "quand tout est demandé quand même (départ, fin d’année)", None),
)
_MEANS = placed(
    Means,
    Key("moyen", "name", schema.name, "le moyen de paiement"),
    Key(
        "activites", "activities", schema.optional(read_activities), "les activités payables (null : toutes)"
    ),
    Key("plafond", "ceiling", schema.optional(read_value), "le montant maximum (null : aucun)"),
    Key("si", "when", read_condition, "la condition", ALWAYS),
)
_INSTALMENTS = placed(
    Instalments,
    Key("premier_mois", "first_month", schema.integer(1, 12), "le mois de la première échéance"),
    Key("dernier_mois", "last_month", schema.integer(1, 12), "le mois de la dernière échéance"),
    Key("le", "day_of_month", schema.integer(1, 31), "le jour du mois"),
    Key("arrondi", "rounding", ROUNDING, "l’arrondi d’une échéance : au, vers"),
)
BILLING = placed(
    Billing,
    Key(
        "payeur", "payer", schema.reference("fait", "le fait"), "le fait qui dit qui paie une présence", None
    ),
    Key("minimum", "minimum", _MINIMUM, "le montant minimum d’une facture", None),
    Key("moyens", "means", schema.list_of(_MEANS), "les moyens de paiement", ()),
    Key("echeancier", "instalments", _INSTALMENTS, "le paiement en plusieurs fois", None),
)
