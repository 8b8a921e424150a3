"""For whom the wizard and the absences act: a parent for its own households, an agent for the family before
it (S116).

The steps are written once and registered twice (`step`, `register`): under the addresses of parents, and
under those of one household for the service. Their templates name addresses from where they are
(`url_for(".planning")`); `acting` tells them who reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g
from flask_login import current_user

from blueprints.staff.families.fields import last_channel
from services.booking_drafts import Author

View = Callable[..., Any]
Guard = Callable[[View], View]
_STEPS: list[tuple[str, tuple[str, ...], View]] = []


def step(rule: str, *methods: str, root: str = "/reservations") -> Callable[[View], View]:
    """A view at `rule`, below the addresses of whoever acts; `root` is that of the wizard unless given."""

    def keep(view: View) -> View:
        _STEPS.append((root + rule, methods, view))
        return view

    return keep


def register(blueprint: Blueprint, guard: Guard) -> None:
    """Give every step to a blueprint, behind its guard; the name of the view is that of the endpoint."""
    for rule, methods, view in _STEPS:
        blueprint.add_url_rule(rule, view.__name__, guard(view), methods=methods)
    blueprint.context_processor(lambda: {"acting": acting()})


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts and for which households; `by_agent`: at the counter, for the family before the agent."""

    author: Author
    by_agent: bool

    @property
    def household_ids(self) -> Sequence[int]:
        return self.author.household_ids


def acting() -> Acting:
    """Who acts in this request. The services refuse what is not of these households."""
    household_id = g.get("counter_household_id")
    if household_id is None:
        return Acting(Author(current_user.user_id, current_user.household_ids), by_agent=False)
    author = Author(current_user.user_id, (household_id,), last_channel())
    return Acting(author, by_agent=True)
