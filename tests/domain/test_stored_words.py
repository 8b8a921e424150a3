"""The words kept in rows, forms and files: renaming one would orphan what was stored (data outlives code)."""

import inspect
from enum import StrEnum

import pytest

from domain import enums, openings, permissions

STORED = {
    "AccountStatus": "closed invited active suspended",
    "AccountKind": "family staff",
    "StaffRole": "reception director administrator collector leader",
    "SessionKind": "full restricted code_awaited",
    "Channel": "portal phone counter mail paper system",
    "FacilityKind": "school leisure_centre",
    "ValidationMode": "automatic manual",
    "ActivityKind": "morning meal evening day",
    "BookingState": "pending accepted waiting refused cancelled requested offered",
    "PlacesMode": "first_come allotment",
    "WeekParity": "all even odd",
    "EnrolmentState": "pending accepted refused withdrawn",
    "SwapState": "pending accepted refused withdrawn",
    "LineAction": "book cancel",
    "LineState": "accepted pending waiting refused withdrawn",
    "Outcome": "libre supplement sur_demande refus",
    "Availability": "available last_places full waiting_list closed",
    "Residency": "resident non_resident",
    "MailSecurity": "tls starttls none",
    "MailState": "queued sent bounced abandoned",
    "MailKind": (
        "activation provisional_password password_changed booking_receipt booking_decision change_decision "
        "document_decision document_expiry email_change email_change_notice email_changed place_offer "
        "place_lost closure absence_receipt allotment_result enrolment_decision custody_swap "
        "booking_reminder invoice_issued invoice_reminder dispute_decision dispute_received payment_receipt "
        "payment_bounced quotient_warning message_received service_message announcement "
        "second_factor_changed new_device debit_notice debit_withdrawn mandate_changed "
        "erasure_notice attention"
    ),
    "DocumentOwner": "household child either",
    "DocumentState": "submitted accepted refused expired withdrawn",
    "DocumentEffect": "none quotient absence",
    "DocumentValidity": "lasting months school_year calendar_year",
    "AbsenceKind": "medical civil_act parent_work",
    "AbsenceState": "declared justified unjustified",
    "FileSection": (
        "household_address household_situation adult_identity adult_contact adult_bank child_identity "
        "child_medical child_diet child_people child_authorisations"
    ),
    "SubjectKind": "household guardian child person",
    "ChangeState": "pending accepted refused withdrawn replaced",
    "ChoiceList": "family_situation relationship diet",
    "CustodySplit": "weeks halves fortnights",
    "SchoolLevel": "TPS PS MS GS CP CE1 CE2 CM1 CM2 ULIS",
    "Sex": "female male",
    "SocialFund": "caf msa other",
    "SchoolZone": "A B C corsica other",
    "HolidayVariant": "metropole 57 GP MQ 973 RE YT BL MF PM",
    "SchoolTime": "always outside only",
    "Permission": (
        "families_read children_read quotients_read documents_read families_write access_manage "
        "requests_read requests_decide facilities_manage "
        "calendar_manage content_manage settings_manage staff_manage audit_read mails_read changes_decide "
        "documents_decide families_export families_import families_merge family_view schools_manage "
        "medical_read bookings_make closures_manage enrolments_decide places_allot attendance_mark "
        "billing_manage payments_record day_read kitchens_manage menus_write messages_answer "
        "announcements_send statistics_read retention_manage"
    ),
    "AttendanceMark": "present absent",
    "OfflineState": "applied conflict settled superseded refused acknowledged",
    "RunState": "preparing draft issued",
    "InvoiceKind": "invoice credit_note",
    "InvoiceState": "draft carried unsettled paying paid_online partial settled cancelled",
    "InvoiceLineKind": "presence absence adjustment carried correction",
    "FindingKind": "unmarked unpriced no_regie quotient unusual negative difference",
    "DisputeState": "open accepted refused",
    "PaymentMethod": "cash cheque cesu ancv transfer treasury online_card online_debit direct_debit",
    "PaymentState": "valid cancelled bounced",
    "MandateState": "waiting active revoked lapsed",
    "BatchState": "draft prepared settled abandoned",
    "DebitState": "planned collected rejected dropped",
    "DebitSequence": "FRST RCUR",
    "OnlineMode": "off test activation production",
    "ConversationState": "open closed",
    "Allergen": (
        "gluten crustaceans eggs fish peanuts soybeans milk nuts celery mustard sesame sulphites lupin "
        "molluscs"
    ),
    "OnlineState": "created pending paid refused cancelled expired to_check",
}
LISTS = {
    name: kind
    for module in (enums, openings, permissions)
    for name, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, StrEnum) and kind is not StrEnum
}


@pytest.mark.parametrize("name", STORED)
def test_stored_words_are_never_renamed(name):
    assert [value.value for value in LISTS[name]] == STORED[name].split()
