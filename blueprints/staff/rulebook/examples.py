"""Règlements of other communes, to start from: read, priced, taken activity by activity as the draft."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, author_name, shown
from blueprints.staff.rulebook import blueprint
from blueprints.staff.rulebook.forms import examples_form
from domain.permissions import Permission
from domain.rulebook.wording.legal_text import legal_text, lexicon_of
from queries import rulebook_pages
from services import rulebook_examples

MANAGE = Permission.FACILITIES_MANAGE


@blueprint.route("/exemples", methods=["GET", "POST"])
@staff(MANAGE)
def examples() -> Response:
    """The examples, and which activity takes the rules of which."""
    activities = rulebook_pages.portal_activities()
    form = examples_form(activities, rulebook_examples.EXAMPLES)
    written = attempt(
        form,
        lambda: rulebook_examples.draft(
            form.choices(), author=author(), author_name=author_name(), now=now()
        ),
    )
    if written is NOT_DONE:
        return shown(
            form,
            "staff/rulebook/examples.html",
            examples=rulebook_examples.EXAMPLES,
            activities=activities,
            draft=rulebook_pages.draft(today()),
        )
    return done(
        url_for("staff_rulebook.publish"),
        "Le brouillon est prêt. Relisez-le, publiez-le, puis changez un délai ou un prix dans Structures.",
    )


@blueprint.get("/exemples/<key>")
@staff(MANAGE)
def example(key: str) -> Response:
    """One example: the prices of each of its activities, then its text."""
    from blueprints.staff.rulebook.grids import price_tables  # the tools of analysis, only for who reads
    from domain.rulebook.price_grid import price_grid

    found = rulebook_examples.example(key)
    book = rulebook_pages.book_of(rulebook_examples.tree_of(key))
    lexicon = lexicon_of(book)
    grids = [
        (book.activities[name].label, price_tables(price_grid(book, name), lexicon))
        for name in found.activities
    ]
    return answer("staff/rulebook/example.html", example=found, grids=grids, sections=legal_text(book))
