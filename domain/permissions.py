"""What each role of the staff may do (S114); a scoped role sees only its own facilities (S108)."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from domain.enums import DocumentEffect, StaffRole


class Permission(StrEnum):
    FAMILIES_READ = "families_read"  # a household: its adults, who its children are, where, their days
    CHILDREN_READ = "children_read"  # the sheet of a child: who fetches it, its diet, its custody, its school
    QUOTIENTS_READ = "quotients_read"  # the quotients of a household
    DOCUMENTS_READ = "documents_read"  # what families send; see `reads_document`
    FAMILIES_WRITE = "families_write"
    ACCESS_MANAGE = "access_manage"
    REQUESTS_READ = "requests_read"
    REQUESTS_DECIDE = "requests_decide"
    FACILITIES_MANAGE = "facilities_manage"
    CALENDAR_MANAGE = "calendar_manage"
    CONTENT_MANAGE = "content_manage"
    SETTINGS_MANAGE = "settings_manage"
    STAFF_MANAGE = "staff_manage"
    AUDIT_READ = "audit_read"
    MAILS_READ = "mails_read"
    CHANGES_DECIDE = "changes_decide"
    DOCUMENTS_DECIDE = "documents_decide"
    FAMILIES_EXPORT = "families_export"
    FAMILIES_IMPORT = "families_import"
    FAMILIES_MERGE = "families_merge"
    FAMILY_VIEW = "family_view"
    SCHOOLS_MANAGE = "schools_manage"
    MEDICAL_READ = "medical_read"  # no role gives it: it is granted to a person
    BOOKINGS_MAKE = "bookings_make"  # books, cancels and declares absences for a family (S116)
    CLOSURES_MANAGE = "closures_manage"
    ENROLMENTS_DECIDE = "enrolments_decide"
    PLACES_ALLOT = "places_allot"
    ATTENDANCE_MARK = "attendance_mark"
    BILLING_MANAGE = "billing_manage"  # régies, billing of a month, issue, credit notes
    PAYMENTS_RECORD = "payments_record"  # money received, confirmations of the Treasury
    DAY_READ = "day_read"  # the children of a day: lists, counts, emergency sheet
    KITCHENS_MANAGE = "kitchens_manage"  # kitchens, their steps of production
    MENUS_WRITE = "menus_write"  # menus of the kitchens that cook for one's own structures alone
    MESSAGES_ANSWER = "messages_answer"  # conversations with families
    ANNOUNCEMENTS_SEND = "announcements_send"  # the same mail to many families
    STATISTICS_READ = "statistics_read"  # the hours that are declared to the CAF, child by child
    RETENTION_MANAGE = "retention_manage"  # copies of a family's data, erasure at the end of retention


ROLE_PERMISSIONS: Mapping[StaffRole, frozenset[Permission]] = {
    StaffRole.RECEPTION: frozenset(
        {
            Permission.FAMILIES_READ,
            Permission.CHILDREN_READ,
            Permission.QUOTIENTS_READ,
            Permission.DOCUMENTS_READ,
            Permission.FAMILIES_WRITE,
            Permission.ACCESS_MANAGE,
            Permission.REQUESTS_READ,
            Permission.REQUESTS_DECIDE,
            Permission.MAILS_READ,
            Permission.CHANGES_DECIDE,
            Permission.DOCUMENTS_DECIDE,
            Permission.FAMILY_VIEW,
            Permission.SCHOOLS_MANAGE,
            Permission.BOOKINGS_MAKE,
            Permission.CLOSURES_MANAGE,
            Permission.ENROLMENTS_DECIDE,
            Permission.ATTENDANCE_MARK,
            Permission.PAYMENTS_RECORD,
            Permission.DAY_READ,
            Permission.MESSAGES_ANSWER,
            Permission.ANNOUNCEMENTS_SEND,
        }
    ),
    StaffRole.DIRECTOR: frozenset(
        {
            Permission.FAMILIES_READ,
            Permission.CHILDREN_READ,
            Permission.REQUESTS_READ,
            Permission.REQUESTS_DECIDE,
            Permission.CLOSURES_MANAGE,
            Permission.ENROLMENTS_DECIDE,
            Permission.ATTENDANCE_MARK,
            Permission.DAY_READ,
            Permission.MESSAGES_ANSWER,
            Permission.ANNOUNCEMENTS_SEND,
            Permission.MENUS_WRITE,
            Permission.STATISTICS_READ,
        }
    ),
    StaffRole.COLLECTOR: frozenset(
        {
            Permission.FAMILIES_READ,
            Permission.QUOTIENTS_READ,
            Permission.DOCUMENTS_READ,
            Permission.REQUESTS_READ,
            Permission.MAILS_READ,
            Permission.BILLING_MANAGE,
            Permission.PAYMENTS_RECORD,
            Permission.MESSAGES_ANSWER,
            Permission.STATISTICS_READ,
        }
    ),
    StaffRole.LEADER: frozenset({Permission.ATTENDANCE_MARK, Permission.DAY_READ, Permission.MENUS_WRITE}),
    StaffRole.ADMINISTRATOR: frozenset(Permission) - {Permission.MEDICAL_READ},
}

_SCOPED_ROLES = frozenset({StaffRole.DIRECTOR, StaffRole.LEADER})


def role_may(role: StaffRole, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS[role]


def role_is_scoped(role: StaffRole) -> bool:
    """True when the role is limited to the facilities of the account."""
    return role in _SCOPED_ROLES


# Around today, the days whose telephones an agent reads who is there for the children of a day alone.
PHONES_BEFORE, PHONES_AFTER = timedelta(days=7), timedelta(days=14)


def reads_phones(may: Callable[[Permission], bool], day: date, today: date) -> bool:
    """Whether an agent meets whom to call for the children of `day`: who reads no sheet of a child has no use
    for it once the day is over, nor long before."""
    return may(Permission.CHILDREN_READ) or today - PHONES_BEFORE <= day <= today + PHONES_AFTER


def reads_document(may: Callable[[Permission], bool], effect: DocumentEffect) -> bool:
    """Whether an agent who opens documents meets one of this effect: who decides none of them reads what
    proves a quotient alone. Health needs its own right on top."""
    if not may(Permission.DOCUMENTS_READ):
        return False
    return may(Permission.DOCUMENTS_DECIDE) or effect is DocumentEffect.QUOTIENT
