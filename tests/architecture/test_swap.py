"""The comparison of a swapped page with the reloaded one, on a page of one counter."""

import pytest
from flask import Flask, redirect, request

from tests.strict_client import StrictClient
from tests.swap import assert_swap_equals_reload

FORM = (
    '<form id="compteur" method="post" action="/plus" hx-post="/plus" hx-target="{target}" hx-swap="{swap}">'
    '<input type="hidden" name="csrf_token" value="{token}"><button>Plus</button><p>{count}</p></form>'
)
PAGE = (
    '<!doctype html><html lang="fr"><head><title>Compteur</title></head><body>'
    '<div id="annonces" role="status"></div><div id="alertes" role="alert"></div><main><h1>Compteur</h1>'
    '<div id="cadre">{form}</div><p id="total" class="a b">Total {total}</p>'
    '<a id="suite" href="/suite" hx-get="/suite" hx-target="#cadre" hx-swap="innerHTML">Suite</a>'
    "</main></body></html>"
)


class Counter:
    """A tiny application: `/plus` adds one; its faults are switched on by the tests."""

    def __init__(self) -> None:
        self.count, self.reads = 3, 0
        self.swap, self.target, self.total_is_swapped, self.refuses = "outerHTML", "this", True, False

    def form(self) -> str:
        self.reads += 1
        token = f"jeton{self.reads}"
        return FORM.format(token=token, count=self.count, swap=self.swap, target=self.target)

    def page(self) -> str:
        return PAGE.format(form=self.form(), total=self.count)

    def plus(self):
        if self.refuses:
            headers = {"HX-Retarget": "#alertes", "HX-Reswap": "innerHTML"}
            return '<p id="refus">Complet</p>', 422, headers
        self.count += 1
        if not request.headers.get("HX-Request"):
            return redirect("/", 303)
        total = f'<p class="a b" id="total" hx-swap-oob="true">Total {self.count}</p>'
        said = '<div hx-swap-oob="innerHTML:#annonces">Un de plus</div>'
        return self.form() + (total if self.total_is_swapped else "") + said

    def following(self):
        self.count = 10
        if not request.headers.get("HX-Request"):
            return self.page()
        return self.form() + '<p id="total" class="a b" hx-swap-oob="outerHTML">Total 10</p>'


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def browser(tmp_path, counter) -> StrictClient:
    app = Flask(__name__, root_path=str(tmp_path))
    app.config["SECRET_KEY"] = "x"
    app.test_client_class = StrictClient
    app.add_url_rule("/", view_func=counter.page)
    app.add_url_rule("/plus", view_func=counter.plus, methods=["POST"])
    app.add_url_rule("/suite", view_func=counter.following)

    @app.after_request
    def add_headers(response):
        response.headers |= {"Content-Security-Policy": "default-src 'self'", "Vary": "HX-Request"}
        return response

    return app.test_client()


def test_a_form_and_its_zones_swap_into_the_reloaded_page(browser, counter):
    assert_swap_equals_reload(browser, "/")
    assert counter.count == 4


def test_a_link_swaps_into_the_page_of_its_address(browser):
    assert_swap_equals_reload(browser, "/", link="#suite")


def test_a_refusal_leaves_the_page_as_it_is(browser, counter):
    counter.refuses = True
    assert assert_swap_equals_reload(browser, "/").status_code == 422
    assert counter.count == 3


def test_a_forgotten_zone_is_shown(browser, counter):
    counter.total_is_swapped = False
    with pytest.raises(AssertionError, match=r"(?s)-  +Total 3.*\+  +Total 4"):
        assert_swap_equals_reload(browser, "/")


def test_a_wrong_manner_is_shown(browser, counter):
    counter.swap = "innerHTML"
    with pytest.raises(AssertionError, match="not the reloaded one"):
        assert_swap_equals_reload(browser, "/")


def test_an_answer_that_has_nowhere_to_go_is_refused(browser, counter):
    browser.excused.add("htmx-explicit")
    counter.target = "#ailleurs"
    with pytest.raises(AssertionError, match="no #ailleurs"):
        assert_swap_equals_reload(browser, "/")
