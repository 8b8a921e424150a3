"""Fields of the pages of a family file that only agents fill in."""

import re
from decimal import Decimal, InvalidOperation

from flask import session
from wtforms import SelectChoice, StringField

from blueprints.staff.fields import EnumRadio
from domain.enums import Channel
from domain.labels import label

MOST_QUOTIENT = 100_000
LAST_CHANNEL = "channel"  # in the signed cookie
SERVICE_CHANNELS = (Channel.PHONE, Channel.COUNTER, Channel.MAIL, Channel.PAPER)


class QuotientField(StringField):
    """A quotient familial; `data` is in hundredths: « 622,50 » gives 62250."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"\s", "", valuelist[0] if valuelist else "").replace(",", ".")
        self.data = None
        if not text:
            self.raw_data = []  # a blank is no answer, where one is required
            return
        try:
            value = Decimal(text) * 100
            valid = value == value.to_integral_value() and 0 <= value <= MOST_QUOTIENT * 100
        except InvalidOperation:
            valid = False
        if not valid:
            raise ValueError("Indiquez le quotient en chiffres, par exemple 622,50.")
        self.data = int(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data / 100:.2f}".replace(".", ",")


def channel_field() -> EnumRadio:
    """How the family told it (S06); the channel of the last act is chosen beforehand, else the telephone."""
    return EnumRadio(
        "La famille vous l’a dit",
        Channel,
        "Choisissez comment la famille vous l’a dit.",
        choices=[SelectChoice(channel.value, label(channel)) for channel in SERVICE_CHANNELS],
        default=last_channel,
    )


def last_channel() -> Channel:
    """How the family of the last act of this browser told it, else the telephone."""
    last = session.get(LAST_CHANNEL)
    return Channel(last) if last in SERVICE_CHANNELS else Channel.PHONE


def remember_channel(channel: Channel) -> None:
    """Chosen beforehand in the next form of this browser, until sign-out."""
    session[LAST_CHANNEL] = channel.value
