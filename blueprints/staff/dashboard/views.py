"""The staff's home: what waits, and the way to a family."""

from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.dashboard import blueprint
from blueprints.staff.dashboard.first_steps import town_steps
from blueprints.staff.desk.frame import viewer
from domain.enums import AccountStatus
from domain.permissions import Permission
from queries import attendance, desk, households, staff_home, staff_requests, unusual
from services import self_check


@blueprint.get("")
@staff(Permission.REQUESTS_READ)
def index() -> Response:
    facility_ids = current_user.facility_ids
    marks = current_user.may(Permission.ATTENDANCE_MARK)
    manages = current_user.may(Permission.SETTINGS_MANAGE)
    return answer(
        "staff/dashboard/index.html",
        facilities=households.facilities(facility_ids),
        waiting=desk.counts(viewer(), now(), today()),
        queues=staff_requests.queues_by_facility(facility_ids, now()),
        invited=households.count(facility_ids=facility_ids, today=today(), access=AccountStatus.INVITED),
        steps=town_steps() if manages else (),
        condition=self_check.condition(now()) if manages else None,
        to_mark=attendance.left_to_mark(today(), facility_ids) if marks else 0,
        today=today(),
        unusual=unusual.today(today(), facility_ids),
        mails=staff_home.mail_troubles(now()) if current_user.may(Permission.MAILS_READ) else None,
    )
