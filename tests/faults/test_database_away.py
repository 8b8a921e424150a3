"""The database cannot be written or reached: families are told in French, nothing is pretended."""

import pytest

from models import BookingDraftLine, BookingRequest
from tests import strict_html
from tests.books import assert_books_balance
from tests.running_town import Answer

pytestmark = pytest.mark.fault


def assert_says_to_try_again(answer: Answer) -> None:
    assert answer.status == 503
    page, errors = strict_html.parse(answer.text)
    assert errors == []
    assert page.h1.get_text() == "Le portail ne peut rien enregistrer pour le moment"
    assert "Réessayez dans quelques minutes" in page.main.get_text()
    assert "référence" in page.main.get_text()


def test_a_booking_that_cannot_be_written_is_not_acknowledged_and_it_recovers_alone(town, outage):
    family = town.family(town.canteen(weeks=1))
    (key,) = family.drafts([(family.children[0], [0, 1])])
    with town.serving() as server:
        parent = server.browser(family.parent)
        assert parent.get(f"/reservations/{key}/recapitulatif").status == 200
        with outage(server):
            assert_says_to_try_again(parent.post(f"/reservations/{key}/valider"))
            if town.is_sqlite:
                assert parent.get("/planning").status == 200, "reading needs no room on the disk"
            else:
                assert_says_to_try_again(parent.get("/planning"))
            assert_says_to_try_again(parent.post(f"/reservations/{key}/valider"))
        if town.is_sqlite:
            assert town.world.all(BookingRequest) == []
        answer = parent.post(f"/reservations/{key}/valider")
        assert answer.reference == town.world.one(BookingRequest).reference
    assert_books_balance(town.world)


def test_a_day_that_cannot_be_written_is_not_shown_as_chosen(town, outage):
    """What htmx receives is no fragment: the page keeps its former state and tells the failure."""
    family = town.family(town.canteen(weeks=1))
    (key,) = family.drafts([(family.children[0], [0])])
    wish = {"jour": f"{family.canteen.openings[1].day}:book", "type": str(family.canteen.meal.id)}
    with town.serving() as server:
        parent = server.browser(family.parent)
        parent.get(f"/reservations/{key}/planning")
        touch = {"path": f"/reservations/{key}/jours", "form": wish, "HX-Request": "true"}
        with outage(server):
            assert_says_to_try_again(parent.post(**touch))
        assert parent.post(**touch).status == 200
    assert len(town.world.all(BookingDraftLine)) == 2
