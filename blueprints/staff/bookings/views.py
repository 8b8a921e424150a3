"""The wizard at the counter: the steps of the parents' wizard, for one household (S116)."""

from blueprints.bookings import acting, default_week, receipts, wizard  # noqa: F401  their steps register themselves
from blueprints.shared.guards import staff
from blueprints.staff.bookings import blueprint
from domain.permissions import Permission

acting.register(blueprint, staff(Permission.BOOKINGS_MAKE))
