"""The cookies of the portal as its pages name them, from what really sets them (R54)."""

from dataclasses import dataclass

from flask import current_app

from blueprints.shared import kept_forms, known_browsers
from domain.french import format_duration


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of this town's portal: its purpose and its life in French."""

    name: str
    purpose: str
    life: str


def named() -> tuple[Cookie, ...]:
    """Each cookie that the portal may set; there is no other (tests/views/test_legal_pages.py)."""
    config = current_app.config
    family, staff = (
        format_duration(int(config[name].total_seconds()) // 60) for name in ("FAMILY_IDLE", "STAFF_IDLE")
    )
    return (
        Cookie(
            config["SESSION_COOKIE_NAME"],
            "Vous garde connecté, et empêche un autre site d’envoyer un formulaire à votre place.",
            "Effacé quand vous fermez le navigateur. La connexion s’arrête plus tôt sans activité, après "
            f"{family} pour une famille, {staff} pour un agent.",
        ),
        Cookie(
            known_browsers.COOKIE,
            "Reconnaît ce navigateur, pour vous écrire seulement quand votre compte est ouvert ailleurs. Il "
            "n’ouvre rien par lui-même.",
            f"{known_browsers.LIFE.days} jours. Il reste après la déconnexion.",
        ),
        Cookie(
            kept_forms.COOKIE,
            "Garde ce que vous tapiez quand la connexion s’est arrêtée, pour vous le rendre ensuite.",
            f"{format_duration(kept_forms.LIFE_SECONDS // 60)}, ou dès que c’est affiché.",
        ),
    )
