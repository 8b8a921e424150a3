"""A place that came free: the family takes it or leaves it, in one tap (R18)."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.bookings import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from domain.calendar import month_slug
from domain.enums import BookingState, Channel
from domain.errors import Stale
from domain.french import NBSP, format_day
from queries import place_offers
from queries.family import every_child_of
from queries.place_offers import PlaceOffer
from services import waiting_lists
from services.booking_life import Actor


def _page(found: PlaceOffer, status: int = 200, stale: str = "") -> Response:
    cards = {card.child_id: card for card in every_child_of(current_user.household_ids)}
    return answer(
        "bookings/offer.html",
        status=status,
        offer=found,
        is_open=found.is_open(now()),
        card=cards.get(found.child_id),
        stale=stale,
        month=month_slug(found.day.year, found.day.month),
    )


def _actor() -> Actor:
    return Actor(current_user.user_id, current_user.display_name, Channel.PORTAL)


@blueprint.get("/reservations/places/<int:booking_id>")
@parent
def offer(booking_id: int) -> Response:
    return _page(place_offers.offer(booking_id, current_user.household_ids))


@blueprint.post("/reservations/places/<int:booking_id>/prendre")
@parent
def take_offer(booking_id: int) -> Response:
    found = place_offers.offer(booking_id, current_user.household_ids)
    try:
        state = waiting_lists.accept(booking_id, current_user.household_ids, _actor(), now())
    except Stale as stale:
        return _page(place_offers.offer(booking_id, current_user.household_ids), 409, stale.message)
    what = f"{found.first_name}, {found.presence}, {format_day(found.day)}"
    is_booked = state is BookingState.ACCEPTED
    said = "La place est à vous" if is_booked else "La place est gardée, la structure doit encore valider"
    return done(_day_address(found), f"{said}{NBSP}: {what}.")


@blueprint.post("/reservations/places/<int:booking_id>/laisser")
@parent
def leave_offer(booking_id: int) -> Response:
    found = place_offers.offer(booking_id, current_user.household_ids)
    try:
        waiting_lists.give_up(booking_id, current_user.household_ids, _actor(), now())
    except Stale as stale:
        return _page(place_offers.offer(booking_id, current_user.household_ids), 409, stale.message)
    return done(_day_address(found), f"La place est laissée à l’enfant suivant{NBSP}: rien n’est réservé.")


def _day_address(found: PlaceOffer) -> str:
    return url_for(
        "bookings.agenda_day", month=month_slug(found.day.year, found.day.month), day=found.day.isoformat()
    )
