"""What each role may do (S108, S114)."""

from datetime import date, timedelta

import pytest

from domain.enums import DocumentEffect, StaffRole
from domain.permissions import (
    ROLE_PERMISSIONS,
    Permission,
    reads_document,
    reads_phones,
    role_is_scoped,
    role_may,
)


def test_every_role_has_its_permissions():
    assert set(ROLE_PERMISSIONS) == set(StaffRole)


@pytest.mark.parametrize(
    ("role", "permissions", "scoped"),
    [
        (
            StaffRole.RECEPTION,
            {
                "families_read",
                "children_read",
                "quotients_read",
                "documents_read",
                "families_write",
                "access_manage",
                "requests_read",
                "requests_decide",
                "mails_read",
                "changes_decide",
                "documents_decide",
                "family_view",
                "schools_manage",
                "bookings_make",
                "closures_manage",
                "enrolments_decide",
                "attendance_mark",
                "payments_record",
                "day_read",
                "messages_answer",
                "announcements_send",
            },
            False,
        ),
        (
            StaffRole.DIRECTOR,
            {
                "families_read",
                "children_read",
                "requests_read",
                "requests_decide",
                "closures_manage",
                "enrolments_decide",
                "attendance_mark",
                "day_read",
                "messages_answer",
                "announcements_send",
                "menus_write",
                "statistics_read",
            },
            True,
        ),
        (
            StaffRole.COLLECTOR,
            {
                "families_read",
                "quotients_read",
                "documents_read",
                "requests_read",
                "mails_read",
                "billing_manage",
                "payments_record",
                "messages_answer",
                "statistics_read",
            },
            False,
        ),
        (StaffRole.LEADER, {"attendance_mark", "day_read", "menus_write"}, True),
        (StaffRole.ADMINISTRATOR, set(Permission) - {"medical_read"}, False),
    ],
)
def test_what_a_role_may_do(role, permissions, scoped):
    assert {permission for permission in Permission if role_may(role, permission)} == permissions
    assert role_is_scoped(role) is scoped


@pytest.mark.parametrize(
    ("role", "effects"),
    [
        (StaffRole.RECEPTION, set(DocumentEffect)),
        (StaffRole.DIRECTOR, set()),
        (StaffRole.COLLECTOR, {DocumentEffect.QUOTIENT}),
        (StaffRole.LEADER, set()),
        (StaffRole.ADMINISTRATOR, set(DocumentEffect)),
    ],
)
def test_which_documents_a_role_opens(role, effects):
    assert {
        one for one in DocumentEffect if reads_document(lambda what: role_may(role, what), one)
    } == effects


@pytest.mark.parametrize(("days", "is_read"), [(-8, False), (-7, True), (0, True), (14, True), (15, False)])
def test_an_animator_reads_the_telephones_of_the_days_around_today(days, is_read):
    today = date(2027, 1, 12)
    day = today + timedelta(days=days)
    assert reads_phones(lambda one: role_may(StaffRole.LEADER, one), day, today) is is_read
    assert reads_phones(lambda one: role_may(StaffRole.DIRECTOR, one), day, today)
