"""Every form of limit, by brute force. A form is the mapping that a rulebook writes under `jusqu_a`."""

from bisect import bisect_left
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle.town import Town, days, number_of, word_of

ALWAYS, NEVER = "always", "never"
Form = Any  # « toujours », « jamais », or a mapping
Place = tuple[date, int]
"""A day, and minutes since its midnight: 1440 is its end."""

_SUNDAY = 6


class Silent(Exception):
    """The règlement says nothing of this day."""


class TooShort(Exception):
    """The calendar of the town does not go back, or on, far enough."""


class Oracle:
    """What the guide promises, for one town. Small methods, so that a test may get one of them wrong."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._counted: dict[str, list[date]] = {}

    # --- A limit

    def moment(self, form: Form, day: date) -> datetime | str:
        """The limit of a service day in UTC; ALWAYS or NEVER. Raises Silent."""
        if form == "toujours":
            return ALWAYS
        if form == "jamais":
            return NEVER
        form = self.meant(form, day)
        if form in ("toujours", "jamais") or is_extreme(form):
            return self.moment(form, day)
        if form.get("si_ferme", "garder") == "garder" and form.get("forme") == "heures_avant":
            return self.hours_before(form, day)
        return self.instant(*self.place(form, day))

    def meant(self, form: Form, day: date) -> Form:
        """The form after its exceptions, and after the choice between several limits."""
        while isinstance(form, dict):
            exception = next(
                (one["limite"] for one in form.get("sauf", ()) if self.holds(one["quand"], day)), None
            )
            if exception is not None:
                form = exception
            elif is_extreme(form):
                form = self.with_closing_rule(self.extreme(form, day), form)
            else:
                break
        return form

    def with_closing_rule(self, inner: Form, outer: Form) -> Form:
        """The limit chosen among several is moved like `outer` when its day is closed."""
        if isinstance(inner, str) or outer.get("si_ferme", "garder") == "garder":
            return inner
        return {**inner, "si_ferme": outer["si_ferme"], "jours_ouverts": outer["jours_ouverts"]}

    def extreme(self, form: Form, day: date) -> Form:
        """The first of the earliest, or of the latest, of the limits."""
        word = "la_plus_tot_de" if "la_plus_tot_de" in form else "la_plus_tard_de"
        ranked = [(self.rank(self.moment(one, day)), index) for index, one in enumerate(form[word])]
        best = min(ranked)[0] if word == "la_plus_tot_de" else max(ranked)[0]
        return next(form[word][index] for rank, index in ranked if rank == best)

    def rank(self, moment: datetime | str) -> tuple[int, datetime]:
        side = {ALWAYS: 1, NEVER: -1}.get(moment, 0) if isinstance(moment, str) else 0
        return side, datetime.min.replace(tzinfo=UTC) if side else moment

    def word(self, form: Form, day: date) -> str:
        """Whether the limit itself is in time: incluse, exclue, minute_incluse."""
        form = self.meant(form, day)
        return form["limite"] if isinstance(form, dict) else "incluse"

    def in_time(self, moment: datetime, limit: datetime, word: str) -> bool:
        """Whether an act at `moment` is in time. Both in UTC."""
        last = {
            "incluse": limit,
            "exclue": limit - timedelta(microseconds=1),
            "minute_incluse": limit + timedelta(minutes=1) - timedelta(microseconds=1),
        }[word]
        return moment <= last

    # --- Each form

    def place(self, form: Form, day: date) -> Place:
        """The day and the clock time of a limit, once moved away from a closed day."""
        if form["forme"] == "heures_avant":
            here = self.place_of_instant(self.hours_before(form, day))
        elif form["forme"] in ("selon_le_jour", "dates"):
            there, clock = getattr(self, form["forme"])(form, day)
            here = there, minutes_of(clock)
        else:
            here = getattr(self, form["forme"])(form, day), minutes_of(form["heure"])
        return self.moved(here, form)

    def moved(self, place: Place, form: Form) -> Place:
        rule = form.get("si_ferme", "garder")
        if rule == "garder" or self.counts(form["jours_ouverts"], place[0]):
            return place
        usable = self.counted(form["jours_ouverts"])
        at = bisect_left(usable, place[0])
        at += -1 if rule == "jour_precedent" else 0
        return self.at(usable, at), place[1]

    def jours_avant(self, form: Form, day: date) -> date:
        return self.days_before(day, form)

    def days_before(self, day: date, form: Form) -> date:
        """`jours` counted days back; with `francs`, that many whole counted days in between."""
        n = form["jours"] + (1 if form["francs"] == "oui" else 0)
        return self.nth_before(day, n, form["compte"])

    def nth_before(self, day: date, n: int, counted_days: dict) -> date:
        if n == 0:
            return day
        usable = self.counted(counted_days)
        return self.at(usable, bisect_left(usable, day) - n)

    def at(self, usable: list[date], index: int) -> date:
        if not 0 <= index < len(usable):
            raise TooShort
        return usable[index]

    def hours_before(self, form: Form, day: date) -> datetime:
        """Whole days by the clock, then what is left in true hours, jumping the days that do not count."""
        minutes = minutes_of(form["heure_de_reference"])
        if self.counts_everything(form["compte"]):
            return self.instant(day, minutes) - timedelta(hours=form["heures"])
        whole, hours = divmod(form["heures"], 24)
        current = self.nth_before(day, whole, form["compte"])
        moment, left = self.instant(current, minutes), timedelta(hours=hours)
        while left > moment - self.instant(current, 0):
            left -= moment - self.instant(current, 0)
            current = self.nth_before(current, 1, form["compte"])
            moment = self.instant(current, 1440)
        return moment - left

    def counts_everything(self, counted_days: dict) -> bool:
        return counted_days == {"base": "tous", "sans_feries": "non", "sans_vacances": "non"}

    def selon_le_jour(self, form: Form, day: date) -> tuple[date, str]:
        for entry in form["entrees"]:
            words = entry["pour"] if isinstance(entry["pour"], list) else [entry["pour"]]
            if word_of(day) in words:
                return self.in_week(day, entry["jour"], entry["semaines_avant"]), entry["heure"]
        raise Silent

    def semaine(self, form: Form, day: date) -> date:
        return self.in_week(day, form["jour"], form["semaines_avant"])

    def in_week(self, day: date, weekday: str, weeks: int) -> date:
        year, week, _ = (day - timedelta(weeks=weeks)).isocalendar()
        return date.fromisocalendar(year, week, number_of(weekday) + 1)

    def mois(self, form: Form, day: date) -> date:
        year, month = divmod(day.year * 12 + day.month - 1 - form["mois_avant"], 12)
        return date(year, month + 1, self.day_of_month(year, month + 1, form["le"]))

    def day_of_month(self, year: int, month: int, wanted: int) -> int:
        return min(wanted, monthrange(year, month)[1])

    def avant_periode(self, form: Form, day: date) -> date:
        return self.days_before(self.start(form["repere"], day), form)

    def start(self, anchor: str, day: date) -> date:
        """The first day of what holds the service day."""
        found: list[date] = []
        match anchor:
            case "debut_de_periode":
                found = [first for first, last in self.town.periods.values() if day in days(first, last)]
            case "debut_des_vacances":
                found = [first for first, last in self.town.breaks if day in days(first, last)]
            case "debut_des_prochaines_vacances":
                found = [first for first, _ in self.town.breaks if first > day]
            case "debut_du_mois":
                found = [date(day.year, day.month, 1)]
            case "debut_de_semaine":
                found = [date.fromisocalendar(*day.isocalendar()[:2], 1)]
        if not found:
            raise Silent
        return found[0]

    def dates(self, form: Form, day: date) -> tuple[date, str]:
        for entry in form["dates"]:
            first, last = self.town.periods.get(entry.get("periode"), (date.max, date.min))
            if entry.get("mois") == f"{day:%Y-%m}" or first <= day <= last:
                return date.fromisoformat(entry["date"]), entry["heure"]
        raise Silent

    def date_fixe(self, form: Form, day: date) -> date:
        return date.fromisoformat(form["date"])

    # --- Days

    def counted(self, counted_days: dict) -> list[date]:
        """Every day of the calendar that counts, in order."""
        key = repr(counted_days)
        if key not in self._counted:
            self._counted[key] = [day for day in self.town.every_day if self.counts(counted_days, day)]
        return self._counted[key]

    def counts(self, counted_days: dict, day: date) -> bool:
        bases = {
            "tous": lambda: True,
            "lundi_vendredi": lambda: word_of(day) not in ("samedi", "dimanche"),
            "lundi_samedi": lambda: word_of(day) != "dimanche",
            "ecole": lambda: word_of(day) in self.town.school_weekdays,
            "ouverture": lambda: day in self.town.ouverture,
            "mairie": lambda: day in self.town.mairie,
        }
        if not bases[counted_days["base"]]():
            return False
        if counted_days["sans_feries"] == "oui" and day in self.town.ferie:
            return False
        if counted_days["sans_vacances"] == "oui" and day in self.town.vacances:
            return False
        if "jours" in counted_days and word_of(day) not in counted_days["jours"]:
            return False
        return day.isoformat() not in counted_days.get("fermetures", ())

    def holds(self, condition: dict, day: date) -> bool:
        """The conditions that the tests write: facts of the day, all of them true."""
        return all(self.fact(name, day) == wanted for name, wanted in condition.items())

    def fact(self, name: str, day: date) -> str:
        monday = day - timedelta(days=day.weekday())
        week = days(monday, monday + timedelta(days=_SUNDAY))
        sets = {
            "ferie": lambda: day in self.town.ferie,
            "vacances": lambda: day in self.town.vacances,
            "jour_d_ecole": lambda: day in self.town.jour_d_ecole,
            "retour_de_vacances": lambda: day in self.town.retour_de_vacances,
            "veille_de_vacances": lambda: day in self.town.veille_de_vacances,
            "ferie_dans_la_semaine": lambda: bool(self.town.ferie.intersection(week)),
            "semaine_paire": lambda: int(f"{day:%V}") % 2 == 0,
        }
        if name == "jour":
            return word_of(day)
        if name == "mois":
            return day.month
        if name in sets:
            return "oui" if sets[name]() else "non"
        return "oui" if week[number_of(name.removesuffix("_ferie"))] in self.town.ferie else "non"

    # --- The clock of Paris, by the rule of the European directive 2000/84

    def instant(self, day: date, minutes: int) -> datetime:
        """The UTC moment when clocks show it: the second of two, an hour later when there is none."""
        shown = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
        moments = [(shown - timedelta(hours=ahead)).replace(tzinfo=UTC) for ahead in (1, 2)]
        real = [one for one in moments if self.shown(one) == shown]
        return max(real) if real else moments[0]

    def shown(self, moment: datetime) -> datetime:
        """What clocks show at a UTC moment."""
        ahead = 2 if self.is_summer(moment) else 1
        return moment.replace(tzinfo=None) + timedelta(hours=ahead)

    def is_summer(self, moment: datetime) -> bool:
        spring, autumn = (last_sunday(moment.year, month) for month in (3, 10))
        return spring <= moment < autumn

    def place_of_instant(self, moment: datetime) -> Place:
        """The day that holds a moment; midnight ends the day before."""
        shown = self.shown(moment)
        minutes = shown.hour * 60 + shown.minute
        return (shown.date(), minutes) if minutes else (shown.date() - timedelta(days=1), 1440)


def is_extreme(form: Form) -> bool:
    return "la_plus_tot_de" in form or "la_plus_tard_de" in form


def minutes_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def last_sunday(year: int, month: int) -> datetime:
    """1 h UTC on the last Sunday of a month of 31 days, when clocks change."""
    last = next(day for day in range(31, 24, -1) if date(year, month, day).weekday() == _SUNDAY)
    return datetime(year, month, last, 1, tzinfo=UTC)
