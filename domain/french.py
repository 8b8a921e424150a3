"""How dates, hours, amounts and lists are written for French readers.

Every function returns plain text, with no-break spaces where French typography wants them: U+00A0 between a
number and what it counts, U+202F between thousands. Moments are aware datetimes, shown on the Europe/Paris
wall clock (S119).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from unicodedata import combining, normalize

from domain.calendar import as_utc, paris_now

NBSP = "\u00a0"
NARROW_NBSP = "\u202f"
MINUS = "\u2212"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WEEKDAYS_SHORT = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_MONTHS_SHORT = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)


@lru_cache(maxsize=4096)  # the explanations of a bill say the same few amounts on every line
def format_number(number: int | Decimal) -> str:
    """« 1 234,5 »: narrow no-break thousands, decimal comma, no useless zero after the comma."""
    if isinstance(number, Decimal) and number == number.to_integral_value():
        number = int(number)
    text = f"{abs(number):,f}" if isinstance(number, Decimal) else f"{abs(number):,}"
    if "." in text:
        text = text.rstrip("0")
    text = text.replace(",", NARROW_NBSP).replace(".", ",")
    return MINUS + text if number < 0 else text


def format_euros(cents: int) -> str:
    """« 12,80 € » from integer cents; a debt is written « −12,80 € »."""
    euros, rest = divmod(abs(cents), 100)
    sign = MINUS if cents < 0 else ""
    return f"{sign}{format_number(euros)},{rest:02d}{NBSP}€"


def format_difference(cents: int) -> str:
    """« +1,50 € », « −1,50 € », « 0,00 € »: what a change adds or takes away."""
    return f"+{format_euros(cents)}" if cents > 0 else format_euros(cents)


def format_times(count: int, cents: int, written: Callable[[int], str] = format_euros) -> str:
    """« 2,35 € » for one, « 15 × 2,35 € = 35,25 € » for several, amounts as `written` writes them."""
    if count == 1:
        return written(cents)
    return f"{count}{NBSP}×{NBSP}{written(cents)} ={NBSP}{written(count * cents)}"


def _day_number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def format_day(day: date, *, year: bool = False) -> str:
    """« jeudi 14 janvier », « vendredi 1er janvier », with the year on demand."""
    text = f"{WEEKDAYS[day.weekday()]} {_day_number(day)}{NBSP}{_MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def format_date(day: date) -> str:
    """« 04/05/2019 »."""
    return day.strftime("%d/%m/%Y")


def format_short_day(day: date) -> str:
    """« jeu. 14 janv. »"""
    return f"{_WEEKDAYS_SHORT[day.weekday()]} {_day_number(day)}{NBSP}{_MONTHS_SHORT[day.month - 1]}"


def format_clock(hour: int, minute: int) -> str:
    """« 10 h », « 10 h 30 », « 24 h » (the end of a day)."""
    return f"{hour}{NBSP}h{NBSP}{minute:02d}" if minute else f"{hour}{NBSP}h"


def span_words(starts_minute: int | None, ends_minute: int | None) -> str:
    """« de 7 h 30 à 18 h », from minutes after midnight; empty when they are not known."""
    if starts_minute is None or ends_minute is None:
        return ""
    return f"de {format_clock(*divmod(starts_minute, 60))} à {format_clock(*divmod(ends_minute, 60))}"


def format_duration(minutes: int) -> str:
    """« 42 h 30 », « 45 min »."""
    return format_clock(*divmod(minutes, 60)) if minutes >= 60 else f"{minutes}{NBSP}min"


def format_time(moment: time) -> str:
    """« 10 h », « 10 h 30 », « minuit »; seconds are not said."""
    if moment.hour == 0 and moment.minute == 0:
        return "minuit"
    return format_clock(moment.hour, moment.minute)


def format_moment(moment: datetime, *, year: bool = False) -> str:
    """« jeudi 14 janvier, 10 h » on the Paris wall clock."""
    local = paris_now(moment)
    return f"{format_day(local.date(), year=year)}, {format_time(local.time())}"


def format_limit(moment: datetime) -> str:
    """Like `format_moment`, but never ambiguous, for a limit that somebody may be refused upon (R14).

    Midnight belongs to the day that ends (« dimanche 25 août, 24 h »), and an hour that exists twice in the
    night of October says which one is meant.
    """
    # In UTC, because two Paris times of the hour that exists twice are one and the same key of a cache.
    return _limit_text(as_utc(moment))


@lru_cache(maxsize=4096)  # an agenda says the same few limits again and again
def _limit_text(moment: datetime) -> str:
    local = paris_now(moment)
    if (local.hour, local.minute) == (0, 0):
        return f"{format_day(local.date() - timedelta(days=1))}, {format_clock(24, 0)}"
    text = f"{format_day(local.date())}, {format_clock(local.hour, local.minute)}"
    if local.replace(fold=0).utcoffset() > local.replace(fold=1).utcoffset():
        text += " (heure d’hiver)" if local.fold else " (heure d’été)"
    return text


def month_name(month: int) -> str:
    """« janvier » for 1."""
    return _MONTHS[month - 1]


def month_title(year: int, month: int) -> str:
    """« Janvier 2021 » (S78)."""
    return f"{_MONTHS[month - 1].capitalize()} {year}"


def weekday_name(weekday: int) -> str:
    """« lundi » for 0."""
    return WEEKDAYS[weekday]


def weekday_short(weekday: int) -> str:
    """« lun. » for 0."""
    return _WEEKDAYS_SHORT[weekday]


def enumerate_fr(items: Sequence[str]) -> str:
    """« a », « a et b », « a, b et c »; nothing for an empty list."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"


def plural(count: int, singular: str, many: str) -> str:
    """« 0 repas », « 1 jour », « 2 jours »: French keeps the singular below two."""
    return f"{format_number(count)}{NBSP}{singular if abs(count) < 2 else many}"


# First names whose h is mute, by their first letters without accents; before any other h « de » stays whole.
_MUTE_H = (
    "hadri",
    "hec",
    "hel",
    "hen",
    "herc",
    "herm",
    "herv",
    "hil",
    "hip",
    "hon",
    "hor",
    "hub",
    "hug",
    "hyac",
)


def of_name(name: str) -> str:
    """« de Marie », « d’Aïcha », « d’Hélène », « d’Yves », but « de Yanis » and « de Hassan »."""
    plain = "".join(letter for letter in normalize("NFD", name.lower()) if not combining(letter))
    elided = plain.startswith((*"aeiouœæ", *_MUTE_H)) or (
        plain[:1] == "y" and plain[1:2] not in (*"aeiou", "")
    )
    return f"d’{name}" if elided else f"de {name}"


_TIED = (
    ("« ", f"«{NBSP}"),
    *((f" {mark}", f"{NBSP}{mark}") for mark in ("»", ":", ";", "?", "!")),
)


@lru_cache(maxsize=4096)  # the steps of a bill are the same from line to line
def spaced(text: str) -> str:
    """The sentence with no-break spaces inside « » and before the double punctuation that wants one."""
    for loose, tied in _TIED:
        text = text.replace(loose, tied)
    return text


def quoted(text: str) -> str:
    """« text » in French quotation marks."""
    return f"«{NBSP}{text}{NBSP}»"
