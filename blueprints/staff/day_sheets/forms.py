"""The adults of a day, a number for each post."""

from collections.abc import Sequence
from typing import Any

from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import NumberField
from queries.staffing import PostLine
from services.staffing import PostKey

MOST_ADULTS = 200


class StaffingForm(StaffForm):
    """Made by `of`: it has one field for each post of the day."""

    posts: Sequence[PostLine] = ()

    @classmethod
    def of(cls, posts: Sequence[PostLine]) -> "StaffingForm":
        """The form with what is known of each post."""
        fields = {
            _name(one): NumberField(f"Adultes, {one.name}", 0, MOST_ADULTS, default=one.adults)
            for one in posts
        }
        return type(cls.__name__, (cls,), {**fields, "posts": posts})()

    @property
    def lines(self) -> list[tuple[PostLine, Any]]:
        """Each post with its field."""
        return [(one, self[_name(one)]) for one in self.posts]

    def adults(self) -> dict[PostKey, int | None]:
        return {PostKey(one.activity_id, one.post.group_id): field.data for one, field in self.lines}


def _name(one: PostLine) -> str:
    return f"adultes_{one.activity_id}_{one.post.group_id or 0}"
