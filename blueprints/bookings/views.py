"""The agenda, the booking wizard and the receipts: each module registers its routes on the blueprint."""

from blueprints.bookings import agenda, receipts, wizard  # noqa: F401
