"""Texts to accept: each adult reads, answers, and finds again what was accepted (R06)."""

from flask import abort, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.household import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from domain.errors import Refused
from queries import consents
from services import consents as consent_service
from services.accounts import Author

ANSWERS = {"oui": True, "non": False}


@blueprint.get("/mon-compte/textes")
@parent
def texts() -> Response:
    guardians = [current_user.guardian_id] if current_user.guardian_id else []
    return answer("household/texts.html", texts=consents.texts_of(guardians))


@blueprint.get("/mon-compte/textes/<int:text_id>")
@parent
def read_text(text_id: int) -> Response:
    one, words = consents.text_of(current_user.guardian_id, text_id)
    return answer("household/text.html", one=one, words=words)


@blueprint.post("/mon-compte/textes/<int:text_id>")
@parent
def answer_text(text_id: int) -> Response:
    """« J’accepte », or « Je n’accepte pas » where the town leaves the choice."""
    guardian_id = current_user.guardian_id or abort(404)
    if request.form.get("reponse") not in ANSWERS:
        consents.text_of(guardian_id, text_id)  # somebody else's is not found, whatever was sent
        raise Refused("answer", "Choisissez votre réponse avec un des boutons sous le texte.")
    is_accepted = ANSWERS[request.form["reponse"]]
    author = Author(current_user.user_id)
    name = consent_service.answer(text_id, guardian_id, is_accepted=is_accepted, author=author, now=now())
    said = "accepté" if is_accepted else "refusé"
    return done(url_for("household.texts"), f"Vous avez {said} «\u00a0{name}\u00a0».")
