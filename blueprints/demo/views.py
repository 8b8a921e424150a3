"""Pages that exist in a demonstration only: its mails, which go to a folder and to nobody."""

from pathlib import Path

from flask import abort, current_app
from werkzeug.wrappers import Response

from adapters.mail import FolderTransport
from blueprints.demo import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.guards import demo_only


def _folder() -> FolderTransport:
    return FolderTransport(Path(current_app.config["MAIL_FOLDER"]))


@blueprint.get("/mails")
@demo_only
def mails() -> Response:
    return answer("demo/mails.html", mails=_folder().mails())


@blueprint.get("/mails/<string(maxlength=60):name>")
@demo_only
def mail(name: str) -> Response:
    return answer("demo/mail.html", mail=_folder().mail(name) or abort(404))
