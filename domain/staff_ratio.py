"""How many adults must look after the children of a day (R35). The town sets the ratio: « un adulte pour dix
enfants », for an activity and, where they differ, for its groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.french import plural


@dataclass(frozen=True, slots=True)
class Post:
    """Children who are looked after together; `group_id` None: the whole activity, or those of no group."""

    group_id: int | None
    children: int
    children_per_adult: int


def posts(
    children: Mapping[int | None, int], of_activity: int | None, of_groups: Mapping[int, int | None]
) -> tuple[Post, ...]:
    """The posts of an activity by the children expected in each group; `of_groups` in the order of the
    groups. Without a group that has a ratio of its own the activity is one post; without any ratio, none.
    """
    if not any(of_groups.values()):
        total = sum(children.values())
        return (Post(None, total, of_activity),) if of_activity and total else ()
    ratios = {group_id: own or of_activity for group_id, own in of_groups.items()} | {None: of_activity}
    return tuple(
        Post(group_id, children[group_id], ratio)
        for group_id, ratio in ratios.items()
        if ratio and children.get(group_id)
    )


def required_adults(children: int, children_per_adult: int) -> int:
    """« 1 pour 10 »: one adult for ten children, two from the eleventh on."""
    return -(-children // children_per_adult)


def missing_adults(post: Post, adults: int) -> int:
    """How many adults are short; never below zero."""
    return max(0, required_adults(post.children, post.children_per_adult) - adults)


def ratio_words(post: Post, adults: int | None) -> str:
    """« il manque 1 adulte », « encadrement suffisant », « adultes à indiquer »."""
    if adults is None:
        return "adultes à indiquer"
    missing = missing_adults(post, adults)
    return f"il manque {plural(missing, 'adulte', 'adultes')}" if missing else "encadrement suffisant"
