"""Numbers, amounts, hours and dates as the legal text writes them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from domain.calendar import ONE_DAY, paris_now
from domain.clock_time import ClockTime
from domain.french import MINUS, NARROW_NBSP, NBSP, format_clock, format_day, format_number, month_name
from domain.rulebook.facts import Interval
from domain.rulebook.money import Point, Rounding
from domain.rulebook.wording.french_names import of
from domain.rulebook.wording.text import both

_LETTERS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
_STEPS: Mapping[Decimal, str] = {
    Decimal("0.01"): "au centime",
    Decimal("0.05"): "à 5 centimes",
    Decimal("0.1"): "à 10 centimes",
    Decimal("0.5"): "à 50 centimes",
    Decimal(1): "à l’euro",
}
_DIRECTIONS: Mapping[str, str] = {
    ROUND_HALF_UP: "au plus proche (la moitié monte)",
    ROUND_HALF_EVEN: "au plus proche (la moitié va au chiffre pair)",
    ROUND_CEILING: "vers le haut",
    ROUND_FLOOR: "vers le bas",
}
_POINTS: Mapping[Point, str] = {
    Point.BASE: "le prix de base",
    Point.EACH: "chaque ajustement",
    Point.ADJUSTED: "le prix une fois ajusté",
    Point.TOTAL: "le total",
}


def euros(value: Decimal) -> str:
    """« 4,40 € », « 0,0036 € »: two decimals, more when the file has more."""
    if value == round(value, 2):
        text = f"{abs(value):,.2f}".replace(",", NARROW_NBSP).replace(".", ",")
        return f"{MINUS if value < 0 else ''}{text}{NBSP}€"
    return f"{format_number(value)}{NBSP}€"


def percent(value: Decimal) -> str:
    """« 0,36 % » for 0.0036."""
    return f"{format_number(value * 100)}{NBSP}%"


def in_letters(number: int, *, feminine: bool = False) -> str:
    """« deux », « une »; figures above ten."""
    if feminine and number == 1:
        return "une"
    return _LETTERS[number] if 0 <= number <= 10 else str(number)


def counted(number: int, one: str, many: str = "", *, feminine: bool = False) -> str:
    """« deux jours », « une semaine »."""
    many = many or f"{one}s"
    return f"{in_letters(number, feminine=feminine)}{NBSP}{one if number < 2 else many}"


def clock(time: ClockTime) -> str:
    return format_clock(*divmod(time.minutes, 60))


def minutes_of_day(value: Decimal) -> str:
    """A fact of type « heure », kept in minutes since midnight."""
    return format_clock(*divmod(int(value), 60))


def calendar_day(day: date) -> str:
    """« mardi 30 juin 2026 »."""
    return format_day(day, year=True)


def opening(value: datetime) -> str:
    """« lundi 3 septembre 2026 à 20 h » on the Paris clock; midnight is 0 h of the day that begins."""
    local = paris_now(value)
    return f"{calendar_day(local.date())} à {format_clock(local.hour, local.minute)}"


def closing(value: datetime) -> str:
    """The same; midnight is 24 h of the day that ends."""
    local = paris_now(value)
    if (local.hour, local.minute) == (0, 0):
        return f"{calendar_day(local.date() - ONE_DAY)} à {format_clock(24, 0)}"
    return opening(value)


def month(year: int, number: int) -> str:
    """« septembre 2026 »."""
    return f"{month_name(number)} {year}"


def ordinal(number: int, *, feminine: bool = False) -> str:
    """« 1er », « 1re », « 2e »."""
    return ("1re" if feminine else "1er") if number == 1 else f"{number}e"


def day_number(day: int) -> str:
    """« 1er », « 20 »: a day of the month."""
    return "1er" if day == 1 else str(day)


def day_and_month(number: int, day: int) -> str:
    """« 31 mars » from a month and a day."""
    return f"{day_number(day)} {month_name(number)}"


def shorter_months(day: int | None) -> str:
    """What becomes of a day that some months do not have."""
    return " (ou le dernier jour d’un mois plus court)" if day is not None and 28 < day < 31 else ""


def say_rounding(rounding: Rounding, *, money: bool = True) -> str:
    """« au centime, au plus proche (la moitié monte) »."""
    step = _STEPS.get(rounding.step) if money else None
    if step is None:
        step = f"à {euros(rounding.step) if money else format_number(rounding.step)} près"
    return f"{step}, {_DIRECTIONS[rounding.direction]}"


def say_points(rounding: Rounding) -> str:
    """What is rounded: « le prix de base et le total »; the total always is."""
    points = [point for point in Point if point in rounding.points or point is Point.TOTAL]
    return both(_POINTS[point] for point in points)


# --- Brackets


def only_count(interval: Interval) -> Decimal | None:
    """The only count that a bracket holds: 2 for « plus de 1, jusqu’à 2 », 0 for « 0 ou moins »."""
    low, high = interval.low, interval.high
    if high is None or not interval.high_in or high != int(high):
        return None
    if low is None:
        return high if high == 0 else None
    return high if not interval.low_in and high - low == 1 else None


def month_bracket(interval: Interval) -> str:
    """« de janvier à mars », « août »: the months of a bracket of their numbers; empty when it holds none."""
    held = [number for number in range(1, 13) if number in interval]
    if len(held) < 2:
        return "".join(map(month_name, held))
    return f"{of(month_name(held[0]))} à {month_name(held[-1])}"


def time_bracket(interval: Interval, said: Callable[[Any], str], article: str, contracted: str) -> str:
    """« à partir de 16 h 30 et avant 18 h »; a bound follows `article` (« le ») or `contracted` (« du »)."""
    low, high = interval.low, interval.high
    if low is not None and low == high:
        return f"{article or 'à '}{said(low)}"
    until = "jusqu’à " if not article else "jusqu’au "
    parts = []
    if low is not None:
        parts.append(
            f"à partir {contracted}{said(low)}" if interval.low_in else f"après {article}{said(low)}"
        )
    if high is not None:
        parts.append(f"{until}{said(high)} inclus" if interval.high_in else f"avant {article}{said(high)}")
    return both(parts) or "à tout moment"
