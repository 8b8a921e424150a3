"""The agenda, the booking wizard and the receipts: each module registers its routes on the blueprint."""

from blueprints.bookings import (  # noqa: F401
    absences,
    acting,
    agenda,
    allotments,
    blueprint,
    default_week,
    offers,
    receipts,
    wizard,
)
from blueprints.shared.guards import parent

acting.register(blueprint, parent)
