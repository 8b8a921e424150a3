"""Legal notice, personal data, accessibility: what the law wants every visitor to find (R54, R56)."""

from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared import cookies
from blueprints.shared.answers import answer
from blueprints.shared.guards import public
from domain.retention import DURATIONS, FIXED
from queries import legal as legal_queries
from queries import retention as retention_queries
from services import legal


@blueprint.get("/mentions-legales")
@public
def legal_notice() -> Response:
    return answer("public/legal_notice.html", legal=legal_queries.texts())


@blueprint.get("/donnees-personnelles")
@public
def privacy() -> Response:
    retention = retention_queries.retention()
    return answer(
        "public/privacy.html",
        legal=legal_queries.texts(),
        durations=DURATIONS,
        months=retention.months,
        notice_days=retention.notice_days,
        fixed=FIXED,
        cookies=cookies.named(),
    )


@blueprint.get("/accessibilite")
@public
def accessibility() -> Response:
    """The statement that the RGAA asks for, with what the tests of this version really measured."""
    return answer("public/accessibility.html", legal=legal_queries.texts(), report=legal.measured())
