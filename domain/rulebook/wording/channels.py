"""By which channel an act is made."""

from collections.abc import Iterable

from domain.french import quoted
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import either

_CHANNELS = {
    "portail": "sur le portail",
    "internet": "par internet",
    "telephone": "par téléphone",
    "repondeur": "sur le répondeur",
    "guichet": "au guichet",
    "mairie": "à la mairie",
    "papier": "sur papier",
    "courrier": "par courrier",
    "mail": "par mail",
    "sms": "par SMS",
    "application": "sur l’application",
}


def say_channel(channel: str, lexicon: Lexicon) -> str:
    """« sur le portail », « au guichet », « par « fax » »."""
    return _CHANNELS.get(channel) or f"par {quoted(lexicon.word(channel))}"


def say_channels(channels: Iterable[str], lexicon: Lexicon) -> str:
    """The channels with a space before; nothing when every channel is open."""
    channels = tuple(channels)
    if ANY_CHANNEL in channels:
        return ""
    return f" {either(say_channel(one, lexicon) for one in channels)}"
