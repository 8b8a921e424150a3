"""Whether a price is settled at once, or only by the whole period (P7, P9, P10)."""

from domain.errors import BusinessError
from domain.french import quoted
from domain.rulebook.bills import tariff_of
from domain.rulebook.facts import Context
from domain.rulebook.prices import Adjustment, Scope
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.versions import Version
from domain.rulebook.wording.french_names import readable


def settled_later(book: Rulebook, name: str, context: Context) -> str:
    """Why only the whole period settles a price (P9, P10); empty when it is final."""
    totals = [
        version.rule for total in book.totals for version in total.versions if _may_hold(version, context)
    ]
    names = dict.fromkeys(total.name for total in totals if name in total.activities)
    if names:
        return f"le total de la période peut le changer ({', '.join(map(readable, names))})"
    if book.activities[name].counts:
        return "il dépend de ce qui est compté sur la période"
    wide = next((one for one in _wide_adjustments(book, name, context) if _may_apply(one, context)), None)
    return "" if wide is None else f"{quoted(readable(wide.name))} se règle sur la facture"


def _wide_adjustments(book: Rulebook, name: str, context: Context) -> list[Adjustment]:
    """The adjustments that only a bill applies: to an order, to the units that follow, to the whole."""
    tariff = tariff_of(book.activities[name], context, context.day)
    wide = (Scope.ORDER, Scope.FOLLOWING, Scope.BILL)
    return [one for one in tariff.adjustments if isinstance(one, Adjustment) and one.scope in wide]


def _may_apply(one: Adjustment, context: Context) -> bool:
    """True when its condition holds, or is in doubt; one that a limit names is in the answer already."""
    try:
        return one.when is not None and one.when.holds(context)
    except BusinessError:
        return True


def _may_hold(version: Version, context: Context) -> bool:
    """False when the total is not in force that day, or is not for this presence."""
    if context.day is not None and not version.holds(context.day):
        return False
    try:
        return version.rule.when.holds(context)
    except BusinessError:
        return True
