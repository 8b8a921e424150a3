"""The bill of a period: presences counted, priced, adjusted together, then totalled (P7 to P10)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.calendar import paris_now
from domain.french import format_day
from domain.rulebook.absences import DEDUCTION, Absence, AbsenceRule, Verdict, judge
from domain.rulebook.counts import Among, Count, Earlier, Presence
from domain.rulebook.facts import Context
from domain.rulebook.ladders import Answer, Outcome, decide, ladder_for
from domain.rulebook.memo import KnownPrice, Memo, is_untold, reads_only_facts
from domain.rulebook.prices import Adjustment, Scope, Tariff, adjust, applies, price
from domain.rulebook.rulebook import LATE, Activity, Rulebook
from domain.rulebook.totals import Line, corrections
from domain.rulebook.trace import MissingFact, Unanswered

Judged = tuple[Mapping[str, Any], Context, Verdict]  # a group of absences, its facts, what stays due


def tariff_of(activity: Activity, context: Context, day: date | None) -> Tariff:
    """The tariff in force on the service day; its version is noted in the trace."""
    if activity.tariff is None:
        raise Unanswered(f"{activity.path} n’a pas de tarif.")
    version = activity.tariff.on(day)
    context.trace.version = version.name
    return version.rule


def require_open(activity: Activity, days: Iterable[date]) -> None:
    """Raises Unanswered when the activity says its days and one of these is not among them."""
    for day in days:
        closed = "" if activity.opening is None else activity.opening.why_closed(day)
        if closed:
            raise Unanswered(f"{activity.label} n’est pas ouvert le {format_day(day, year=True)} ({closed}).")


def booking_answer(activity: Activity, context: Context, channel: str | None) -> Answer:
    """What the limits answered to the booking made at `context.now`: its adjustments, whether it was late."""
    if context.given.get("etat") == "non_reserve":
        raise Unanswered("Une présence « non_reserve » n’a pas de « reserve_le ».")
    if activity.ladders is None:
        return Answer(Outcome.FREE)
    now = context.moment(activity.path)
    ladders = activity.ladders.on(paris_now(now).date()).rule
    ladder = ladder_for(ladders, "reserver", channel, context, activity.path)
    answer = decide(ladder, context, activity.opening, now).answer
    if answer.outcome is Outcome.REFUSE:
        raise Unanswered(
            f"{ladder.path} : cette réservation est refusée ; une présence venue sans réservation est "
            "« etat: non_reserve », sans « reserve_le »."
        )
    return answer


def known_extras(tariff: Tariff, names: Iterable[str]) -> frozenset[str]:
    """The adjustments that a question triggers; Unanswered for one that does not wait to be named."""
    waiting = {one.name for one in tariff.adjustments if one.when is None}
    for name in names:
        if name not in waiting:
            known = ", ".join(sorted(waiting)) or "aucun"
            raise Unanswered(
                f"{tariff.path} : « {name} » n’est pas un ajustement « si: delai » ; ceux-ci : {known}."
            )
    return frozenset(names)


def verdict_on(activity: Activity, absence: Absence, context: Context) -> Verdict:
    """What stays due of an absence, by the rules in force on its first day."""
    if activity.absences is None:
        raise Unanswered(f"{activity.path} n’a pas de règles d’absence.")
    version = activity.absences.on(absence.days[0])
    context.trace.version = version.name
    return judge(version.rule, absence, context, activity.opening)


def expand(
    book: Rulebook, asked: Mapping[str, Any], context: Context, judged: Iterable[Judged]
) -> list[Presence]:
    """One unit a day to bill: presences, and what stays due of the absences.

    In order of days, then of the activities of the file, then of the names of children: the order in which
    they are entered changes nothing.
    """
    found = [
        _presence(book, group, day, context)
        for group in asked["presences"]
        for day in _days_of(group, book.activities[group["activity"]])
    ]
    found += [one for absence in judged for one in _due_absences(book, absence)]
    return _in_order(book, found)


def refuse_contradictions(asked: Mapping[str, Any]) -> None:
    """Raises Unanswered for a presence written twice, or a day both present and absent."""
    seen: dict[tuple[str, str, date], list[Mapping[str, Any]]] = {}
    written = [(part, group) for part in ("presences", "absences") for group in asked[part]]
    for kind, group in written:
        for day in group["days"] or ():
            same = seen.setdefault((group["activity"], group["child"], day), [])
            other = next((one for one in same if _clash(one, group)), None)
            if other is not None:
                who = f"{group['child']}, {group['activity']}, le {format_day(day, year=True)}"
                said = "deux fois" if (kind == "presences" or other["kind"] == kind) else "présent et absent"
                raise Unanswered(f"{who} : écrit {said}.")
            same.append({**group, "kind": kind})
    for group in asked["absences"]:
        _refuse_cut(group, asked["presences"])


def _clash(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Two writings of a day that no fact (a part of the day, an order) tells apart."""
    shared = one["facts"].keys() & other["facts"].keys()
    apart = any(one["facts"][name] != other["facts"][name] for name in shared)
    return not apart and one.get("order", "") == other.get("order", "")


def _refuse_cut(absence: Mapping[str, Any], presences: Iterable[Mapping[str, Any]]) -> None:
    """Raises Unanswered when a presence of the child stands inside an absence: they are two absences."""
    first, last = min(absence["days"]), max(absence["days"])
    for group in presences:
        ours = (group["activity"], group["child"]) == (absence["activity"], absence["child"])
        cut = next((day for day in group["days"] or () if ours and first < day < last), None)
        if cut is not None:
            raise Unanswered(
                f"{absence['child']} est présent le {format_day(cut, year=True)}, au milieu de son absence : "
                "écrivez deux absences."
            )


def _facts_of(group: Mapping[str, Any], context: Context, state: str) -> dict[str, Any]:
    own = {"etat": state, "enfant": group["child"], "activite": group["activity"]}
    return {**context.given, **own, **group["facts"]}


def _presence(book: Rulebook, group: Mapping[str, Any], day: date, context: Context) -> Presence:
    facts, now = _facts_of(group, context, "present"), group["booked_at"]
    own = book.context(facts, day=day, now=now, trace=context.trace)
    own, triggered = as_booked(book.activities[group["activity"]], group, own)
    return Presence(group["activity"], group["child"], day, facts, group["order"], triggered, own)


def as_booked(activity: Activity, group: Mapping[str, Any], own: Context) -> tuple[Context, frozenset[str]]:
    """The facts of a unit once its booking is answered, and the adjustments that this brings."""
    triggered = frozenset()
    if group["triggered"]:
        triggered = known_extras(tariff_of(activity, own, own.day), group["triggered"])
    if own.now is not None:
        answer = booking_answer(activity, own, group["channel"])
        triggered |= frozenset(answer.extras)
        own = own.with_facts(**{LATE: answer.outcome is not Outcome.FREE})
    return own, triggered


def judge_absences(
    book: Rulebook, asked: Mapping[str, Any], context: Context, earlier: Sequence[Earlier] = ()
) -> list[Judged]:
    """Each group of absences, its facts, and what stays due of it; absences are counted first."""
    groups = []
    for group in asked["absences"]:
        require_open(book.activities[group["activity"]], group["days"])
        groups.append((group, book.context(_facts_of(group, context, "absent"), trace=context.trace)))
    counted = _count_absences(book, groups, earlier)
    judged = []
    for (group, known), facts in zip(groups, counted, strict=True):
        absence = Absence(tuple(sorted(group["days"])), group["told"], group["proof"], facts)
        verdict = verdict_on(book.activities[group["activity"]], absence, known)
        judged.append(({**group, "counted": facts}, known, verdict))
    return judged


def _count_absences(
    book: Rulebook, groups: Sequence[tuple[Mapping[str, Any], Context]], earlier: Sequence[Earlier]
) -> list[dict[date, dict[str, Decimal]]]:
    """For each group, what its days count among the absences of the bill."""
    units = [
        (index, Presence(group["activity"], group["child"], day, {}, "", context=known.with_facts(day=day)))
        for index, (group, known) in enumerate(groups)
        for day in group["days"]
    ]
    missed = _in_order(book, [one for _, one in units])
    for one in missed:
        for count in book.activities[one.activity].counts:
            if count.among is Among.ABSENCES:
                own = [other for other in missed if count.everywhere or other.activity == one.activity]
                one.facts[count.name] = count.of(one, own, ()) + count.earlier(one, missed[0], earlier)
    return [{one.day: one.facts for index, one in units if index == place} for place in range(len(groups))]


def _in_order(book: Rulebook, presences: Iterable[Presence]) -> list[Presence]:
    """By day, then activity of the file, then name of child: the order of entry changes nothing."""
    order = {name: index for index, name in enumerate(book.activities)}
    return sorted(presences, key=lambda one: (one.day, order[one.activity], one.child))


def given_back(verdict: Verdict, context: Context) -> list[tuple[date, AbsenceRule, Decimal]]:
    """The days that are not due and give back an amount of their own, with their rule."""
    return [
        (day, rule, rule.refund.amount.evaluate(context.with_facts(day=day)))
        for day, rule in verdict.rules
        if day in verdict.waived and rule.refund is not None and rule.refund.amount is not None
    ]


def refund_lines(judged: Iterable[Judged]) -> list[Line]:
    """What absences take off this very bill: deductions that do not wait for a later month."""
    lines = []
    for group, known, verdict in judged:
        for day, rule, amount in given_back(verdict, known):
            if rule.refund.form == DEDUCTION and rule.refund.months_later == 0:
                said = f"{rule.name}, {format_day(day)}"
                lines.append(Line(said, group["child"], -amount, rule.path))
    return lines


def _due_absences(book: Rulebook, judged: Judged) -> list[Presence]:
    """The units that stay due, each at the price of its booking."""
    group, known, verdict = judged
    found = []
    for day, rule in verdict.rules:
        if day in verdict.due:
            facts = {**known.given, **group["counted"].get(day, {})}
            own = book.context(facts, day=day, now=group["booked_at"], trace=known.trace)
            own, triggered = as_booked(book.activities[group["activity"]], group, own)
            extras = triggered | frozenset(rule.extras)
            found.append(Presence(group["activity"], group["child"], day, facts, "", extras, own))
    return found


def _days_of(group: Mapping[str, Any], activity: Activity) -> Sequence[date]:
    if group["days"] is not None:
        require_open(activity, group["days"])
        return group["days"]
    first, last, how_many = group["first_day"], group["last_day"], group["how_many"]
    if first is None or last is None or activity.opening is None:
        raise MissingFact("jours", activity.path)
    span = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    days = [day for day in span if day in activity.opening]
    if how_many is not None and len(days) < how_many:
        raise Unanswered(f"{activity.path} n’a que {len(days)} jours d’ouverture dans cette période.")
    return days if how_many is None else days[:how_many]


def price_all(
    book: Rulebook,
    presences: list[Presence],
    earlier: Sequence[Earlier] = (),
    memo: Memo | None = None,
) -> None:
    """Counts, then prices each presence; a count may use those written before it.

    `presences` are in order of days; `earlier` is what the bills before this one already counted; `memo`
    holds the prices that this version of the règlement already gave.
    """
    for name in dict.fromkeys(one.activity for one in presences):
        for count in book.activities[name].counts:
            if count.among is Among.ABSENCES:
                continue
            _count(count, book.activities[name], name, presences, earlier)
    tariffs = [tariff_of(book.activities[one.activity], one.context, one.day) for one in presences]
    spread = _spread(presences, tariffs)
    for one, tariff, more in zip(presences, tariffs, spread, strict=True):
        tariff_of(book.activities[one.activity], one.context, one.day)
        if one.child:
            one.context.trace.add(book.activities[one.activity].path, f"{one.child}, {format_day(one.day)}")
        _price(tariff, one, one.triggered | more, memo)
        if book.billing is not None and book.billing.payer is not None:
            one.payer = str(one.context.fact(book.billing.payer, book.billing.path))


def _price(tariff: Tariff, one: Presence, triggered: frozenset[str], memo: Memo | None) -> None:
    context = one.context
    question = (one.activity, context.trace.version, triggered)
    remembers = memo is not None and is_untold(context)
    one.known = memo.find(question, context) if remembers else None
    if one.known is not None:
        one.amount = one.known.amount
        return
    one.amount = price(tariff, context, triggered).amount
    if remembers and reads_only_facts(context):
        one.known = KnownPrice(one.amount)
        memo.keep(question, context, one.known)


def _count(
    count: Count, activity: Activity, name: str, presences: list[Presence], earlier: Sequence[Earlier]
) -> None:
    own = [one for one in presences if one.activity == name]
    values = [
        one.context.given[count.name]
        if count.name in one.context.given
        else count.of(one, presences, activity.opening or ()) + count.earlier(one, presences[0], earlier)
        for one in own
    ]
    for one, value in zip(own, values, strict=True):
        one.context = one.context.with_facts(**{count.name: value})


def refuse_given_counts(book: Rulebook, presences: Iterable[Presence]) -> None:
    """Raises Unanswered when a fact that this bill counts is also given; days of opening may be given."""
    for one in presences:
        for count in book.activities[one.activity].counts:
            if count.name in one.context.given and count.among not in (Among.OPEN_DAYS, Among.ABSENCES):
                raise Unanswered(
                    f"{count.path} : « {count.name} » se compte dans la facture ; ce que les précédentes ont "
                    f"compté s’écrit « deja: [{{compte: {count.name}, nombre: … }}] »."
                )


def _spread(presences: list[Presence], tariffs: list[Tariff]) -> list[frozenset[str]]:
    """The adjustments that reach a presence from another: same order, or one of the following units."""
    reached: list[set[str]] = [set() for _ in presences]
    for index, (one, tariff) in enumerate(zip(presences, tariffs, strict=True)):
        for adjustment in tariff.adjustments:
            wide = isinstance(adjustment, Adjustment) and adjustment.scope in (Scope.ORDER, Scope.FOLLOWING)
            if wide and applies(adjustment, one.context, one.triggered):
                for other in _reach(adjustment, index, presences):
                    reached[other].add(adjustment.name)
    return [frozenset(names) for names in reached]


def _reach(adjustment: Adjustment, index: int, presences: list[Presence]) -> Collection[int]:
    one = presences[index]
    same = [
        i for i, other in enumerate(presences) if (other.activity, other.child) == (one.activity, one.child)
    ]
    if adjustment.scope is Scope.ORDER:
        return [i for i in same if presences[i].order == one.order]
    place = same.index(index)
    return same[place : place + adjustment.following + 1]


def bill_lines(book: Rulebook, presences: list[Presence], earlier: Sequence[Earlier] = ()) -> list[Line]:
    """Every line of the bill: a line a presence, the totals, then what applies to the whole bill."""
    lines = [_line(book.activities[one.activity], one) for one in presences]
    lines += corrections(book.totals, presences, earlier)
    return lines + of_the_bill(book, presences, sum((line.amount for line in lines), Decimal(0)))


def _line(activity: Activity, one: Presence) -> Line:
    version = activity.tariff.on(one.day).name if activity.tariff else ""
    return Line(
        f"{activity.label}, {format_day(one.day)}", one.child, one.amount, activity.path, one.payer, version
    )


def of_the_bill(book: Rulebook, presences: list[Presence], total: Decimal) -> list[Line]:
    """Adjustments of scope « facture », once each, if any presence meets their condition."""
    lines, done = [], set()
    for one in presences:
        tariff = tariff_of(book.activities[one.activity], one.context, one.day)
        for adjustment in tariff.adjustments:
            is_ours = isinstance(adjustment, Adjustment) and adjustment.scope is Scope.BILL
            if not is_ours or adjustment.path in done or not applies(adjustment, one.context, one.triggered):
                continue
            done.add(adjustment.path)
            after = tariff.rounding.round(adjust(adjustment, total, one.context, tariff.rounding))
            lines.append(Line(adjustment.name, "", after - total, adjustment.path))
            total = after
    return lines
