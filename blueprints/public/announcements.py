"""The link of an announcement that refuses the next ones, without signing in (R52)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.public import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import public
from blueprints.shared.time import now
from services import opt_outs

ONE_CLICK = "List-Unsubscribe"


@blueprint.route("/annonces/ne-plus-recevoir/<string(maxlength=100):token>", methods=["GET", "POST"])
@public
def refuse_announcements(token: str) -> Response:
    """A page with one button; a mail reader sends the same POST by itself (RFC 8058) and wants no page."""
    if request.method == "POST":
        opt_outs.refuse(token, now())
        if ONE_CLICK in request.form:
            return Response("", 204)
        return done(url_for("public.refuse_announcements", token=token))
    return answer("public/refuse_announcements.html", has_refused=opt_outs.has_refused(token), token=token)
