"""What a form remembers between its page and its sending: the values that were on screen, and its key.

It travels in one hidden field, sealed for one person and one sheet: nobody reads health or an IBAN in it,
changes it, or sends it for somebody else.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from flask import current_app
from flask_login import current_user

from adapters.sealing import SealBroken
from domain.errors import Refused
from domain.french import NBSP

Texts = Mapping[str, str | None]
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class FormState:
    """`seen`: official values on screen, by field. `shown`: what the fields were filled with. `key`: the same
    form sent twice is one sending."""

    seen: Texts
    shown: Texts
    key: str = field(default_factory=lambda: secrets.token_hex(_KEY_BYTES))


def seal(place: str, state: FormState) -> str:
    """The hidden value; `place` names the form and whose sheet it is."""
    return current_app.extensions["sealer"].seal_text(json.dumps(asdict(state)), _place(place))


def opened(place: str, hidden: str | None) -> FormState:
    """What `seal` was given. Raises Refused `old_form` for anything else."""
    try:
        text = current_app.extensions["sealer"].open_text(hidden or "", _place(place))
    except (SealBroken, ValueError):
        raise Refused(
            "old_form",
            f"Cette page n’est plus à jour{NBSP}: rechargez-la et recommencez, rien n’a été envoyé.",
        ) from None
    return FormState(**json.loads(text))


def _place(place: str) -> str:
    return f"form:{current_user.user_id}:{place}"
