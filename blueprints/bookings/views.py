"""The agenda, the booking wizard and the receipts: each module registers its routes on the blueprint."""

from blueprints.bookings import absences, acting, agenda, blueprint, offers, receipts, wizard  # noqa: F401
from blueprints.shared.guards import parent

acting.register(blueprint, parent, "/reservations")
