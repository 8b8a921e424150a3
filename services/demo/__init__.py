"""The demonstration: a small living town, remade when it is too old to be alive.

Nothing here can touch a real town: the demonstration has its own folder and database (config.py).
"""

from datetime import datetime, timedelta
from pathlib import Path

from services.demo import seed

PASSWORD = "cantine-et-marelle"  # noqa: S105  printed at each start, invented families only
PARENT_EMAIL = "claire.solignac@demo.example"
SECOND_PARENT_EMAIL = "paul.solignac@demo.example"
AGENT_EMAIL = "accueil@demo.example"
ADMINISTRATOR_EMAIL = "administration@demo.example"
SIGN_INS = (
    ("Parent", PARENT_EMAIL, PASSWORD),
    ("Second parent", SECOND_PARENT_EMAIL, PASSWORD),
    ("Agent", AGENT_EMAIL, PASSWORD),
    ("Administrateur", ADMINISTRATOR_EMAIL, PASSWORD),
)
LIFE = timedelta(days=14)


def ensure(now: datetime, folder: Path) -> None:
    """Fill the demonstration's database on the first start, and again when its dates are two weeks old."""
    stamp = folder / "made_on"
    made_on = datetime.fromisoformat(stamp.read_text()) if stamp.exists() else None
    if made_on is not None and timedelta(0) <= now - made_on < LIFE:
        return
    emails = seed.Emails(PARENT_EMAIL, SECOND_PARENT_EMAIL, AGENT_EMAIL, ADMINISTRATOR_EMAIL)
    seed.refill(now, PASSWORD, emails)
    stamp.write_text(now.isoformat())
