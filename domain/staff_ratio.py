"""How many adults must look after the children of a day (R35). The town sets the ratio: « un adulte pour dix
enfants », for an activity and, where they differ, for its groups. It holds at the fullest moment of the day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from domain.clock_time import MINUTES_A_DAY
from domain.french import NBSP, format_clock, plural


@dataclass(frozen=True, slots=True)
class Span:
    """A child is there from a minute of the day to another; the whole day while its hours are not known."""

    starts: int = 0
    ends: int = MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Peak:
    """The most children at once, and the minute from which they are; None: no hour tells moments apart."""

    children: int
    minute: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Children who are looked after together; `group_id` None: the whole activity, or those of no group.
    `children` are those of its fullest moment, `of_day` all that come."""

    group_id: int | None
    children: int
    children_per_adult: int
    minute: int | None = None
    of_day: int = 0


def span_of(
    slot: tuple[int | None, int | None], arrived_minute: int | None = None, left_minute: int | None = None
) -> Span:
    """From the arrival and the leaving that were noted, else from the hours of what was booked; an hour that
    nobody knows is the beginning or the end of the day."""
    starts = arrived_minute if arrived_minute is not None else slot[0]
    ends = left_minute if left_minute is not None else slot[1]
    first = 0 if starts is None else starts
    return Span(first, max(first + 1, MINUTES_A_DAY if ends is None else ends))


def peak(spans: Iterable[Span]) -> Peak:
    """Who leaves at a minute is gone when another one comes at it. The first of several moments that are as
    full."""
    known = list(spans)
    if all(span == Span() for span in known):
        return Peak(len(known))
    moves = sorted(chain(((span.ends, -1) for span in known), ((span.starts, 1) for span in known)))
    children, most = 0, Peak(0)
    for minute, step in moves:
        children += step
        if children > most.children:
            most = Peak(children, minute)
    return most


def posts(
    spans: Mapping[int | None, Sequence[Span]], of_activity: int | None, of_groups: Mapping[int, int | None]
) -> tuple[Post, ...]:
    """The posts of an activity by the hours of the children of each group; `of_groups` in the order of the
    groups. Without a group that has a ratio of its own the activity is one post; without any ratio, none.
    """
    if not any(of_groups.values()):
        return _post(None, list(chain.from_iterable(spans.values())), of_activity)
    ratios = {group_id: own or of_activity for group_id, own in of_groups.items()} | {None: of_activity}
    return tuple(
        chain.from_iterable(
            _post(group_id, spans.get(group_id, ()), ratio) for group_id, ratio in ratios.items()
        )
    )


def _post(group_id: int | None, spans: Sequence[Span], ratio: int | None) -> tuple[Post, ...]:
    """One post, or none: nobody comes, or no ratio is set."""
    if not spans or not ratio:
        return ()
    most = peak(spans)
    return (Post(group_id, most.children, ratio, most.minute, len(spans)),)


def required_adults(children: int, children_per_adult: int) -> int:
    """« 1 pour 10 »: one adult for ten children, two from the eleventh on."""
    return -(-children // children_per_adult)


def missing_adults(post: Post, adults: int) -> int:
    """How many adults are short; never below zero."""
    return max(0, required_adults(post.children, post.children_per_adult) - adults)


def peak_words(post: Post) -> str:
    """« au plus fort, 17 h : 34 enfants (41 dans la journée) »; « 34 enfants » without known hours."""
    children = plural(post.children, "enfant", "enfants")
    if post.minute is None:
        return children
    told = f"au plus fort, {format_clock(*divmod(post.minute, 60))}{NBSP}: {children}"
    return told if post.of_day == post.children else f"{told} ({post.of_day} dans la journée)"


def ratio_words(post: Post, adults: int | None) -> str:
    """« il manque 1 adulte », « encadrement suffisant », « adultes à indiquer »."""
    if adults is None:
        return "adultes à indiquer"
    missing = missing_adults(post, adults)
    return f"il manque {plural(missing, 'adulte', 'adultes')}" if missing else "encadrement suffisant"
