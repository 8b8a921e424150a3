"""The legal texts of the town, as their pages show them."""

from sqlalchemy import select

from domain import legal
from domain.legal import Legal
from extensions import db
from models import Setting


def texts() -> Legal:
    """The texts in force. One statement."""
    query = select(Setting.key, Setting.value).where(Setting.key.startswith(legal.PREFIX))
    return legal.from_rows(dict(db.session.execute(query).all()))
