"""The form of the default week: boxes by weekday, child and presence type, and from when until when (R21)."""

from collections.abc import Collection, Iterable
from datetime import date

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField

from blueprints.shared.fields import PlainDateField
from domain.default_week import DefaultWeek, Plan, WeekDay, default_week
from domain.enums import WeekParity
from domain.french import format_day
from queries.default_week import FURTHEST, WeekPage


def tick_value(day: WeekDay) -> str:
    """« 3:12:0:all »: child, presence type, weekday, weeks."""
    child_id, _, type_id = day.presence
    return f"{child_id}:{type_id}:{day.weekday}:{day.parity}"


def all_value(presence_type_id: int, weekday: int, parity: WeekParity) -> str:
    """« 12:0:all »: every child of a presence type, on a weekday of these weeks."""
    return f"{presence_type_id}:{weekday}:{parity}"


class WeekForm(FlaskForm):
    """What is ticked; a box that was never one of the page counts for nothing."""

    jour = SelectMultipleField("Jours de la semaine", validate_choice=False)
    tous = SelectMultipleField("Tous les enfants", validate_choice=False)
    du = PlainDateField("À partir du")
    jusqu = RadioField("Jusqu’à quand", validate_choice=False)
    autre = PlainDateField("Jusqu’à une autre date")
    retirer = BooleanField("Retirer aussi les jours qui ne sont plus dans la semaine type")

    def offer(self, page: WeekPage, plan: Plan | None, today: date) -> "WeekForm":
        """Offer what the page holds; what was asked before is ticked, else what the household has."""
        self._page, self._today = page, today
        self.jusqu.choices = [(one.day.isoformat(), one.label) for one in page.untils]
        if not self.is_submitted():
            self.jour.data = [tick_value(one) for one in _ticked(page, plan)]
            self.tous.data = []
            self.du.data = plan.first_day if plan else today
            self._propose(plan.last_day if plan else page.last_day)
            self.retirer.data = plan.drops if plan else False
        return self

    def _propose(self, last: date) -> None:
        offered = {value for value, _ in self.jusqu.choices}
        self.jusqu.data = last.isoformat() if last.isoformat() in offered else None
        self.autre.data = None if self.jusqu.data else last

    def validate(self, extra_validators: object = None) -> bool:
        good = super().validate(extra_validators)
        if good:
            self._check_days()
        if not self.week.days and not self._page.stored.days:
            self.form_errors.append("Cochez au moins un jour de la semaine.")
        return not self.errors

    def _check_days(self) -> None:
        first, last = self.du.data, self._last_day()
        if first is None:
            self.du.errors = ["Indiquez à partir de quel jour."]
            return
        earliest, furthest = max(first, self._today), self._today + FURTHEST
        if last is None:
            self.autre.errors = ["Choisissez jusqu’à quand, ou indiquez une date."]
        elif last < earliest:
            self.autre.errors = [f"Choisissez un dernier jour après le {format_day(earliest)}."]
        elif last > furthest:
            self.autre.errors = [f"Choisissez un dernier jour avant le {format_day(furthest, year=True)}."]

    def _last_day(self) -> date | None:
        """The date that was written, else the one that was chosen."""
        chosen = self.jusqu.data in {value for value, _ in self.jusqu.choices}
        return self.autre.data or (date.fromisoformat(self.jusqu.data) if chosen else None)

    @property
    def week(self) -> DefaultWeek:
        """The week that is ticked."""
        return default_week(_read(self._page, set(self.jour.data or ()), set(self.tous.data or ())))

    @property
    def plan(self) -> Plan:
        """What a valid form asks for; a first day that is over is today."""
        first = max(self.du.data, self._today)
        return Plan(self.week, first, self._last_day(), self.retirer.data)


def _ticked(page: WeekPage, plan: Plan | None) -> Iterable[WeekDay]:
    week = page.stored if plan is None else plan.week
    return sorted(week.days & page.ticks())


def _read(page: WeekPage, ticked: Collection[str], everybody: Collection[str]) -> Iterable[WeekDay]:
    return (
        one
        for one in page.ticks()
        if tick_value(one) in ticked
        or all_value(one.presence.presence_type_id, one.weekday, one.parity) in everybody
    )
