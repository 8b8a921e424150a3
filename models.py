"""Tables only: columns, constraints, relations. No query, no rule, no method.

Conventions: money is integer cents (`_cents`), instants are `UtcDateTime`, days are dates in
Europe/Paris, every foreign key says what happens when its parent goes (RESTRICT unless the row
has no meaning alone). Terms are defined in docs/glossary.md.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.direct_debits import BATCH_TRANSITIONS, DEBIT_TRANSITIONS, MANDATE_TRANSITIONS
from domain.enums import (
    AbsenceKind,
    AbsenceState,
    AccountKind,
    AccountStatus,
    ActivityKind,
    AttendanceMark,
    BatchState,
    BookingState,
    ChangeState,
    Channel,
    ChoiceList,
    ConversationState,
    CustodySplit,
    DebitSequence,
    DebitState,
    DisputeState,
    DocumentEffect,
    DocumentOwner,
    DocumentState,
    DocumentValidity,
    EnrolmentState,
    FacilityKind,
    FileSection,
    FindingKind,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    LineAction,
    LineState,
    MailKind,
    MailState,
    MandateState,
    OfflineState,
    OnlineMode,
    OnlineState,
    PaymentMethod,
    PaymentState,
    PlacesMode,
    Residency,
    RunState,
    SchoolLevel,
    SchoolZone,
    SessionKind,
    Sex,
    SocialFund,
    StaffRole,
    SubjectKind,
    SwapState,
    ValidationMode,
    WeekParity,
)
from domain.ledger import INVOICE_TRANSITIONS, ONLINE_TRANSITIONS, PAYMENT_TRANSITIONS
from extensions import SealedText, UtcDateTime, closed_list, db
from guards import append_only, changes, forbidden_step, guard

ACTIVE_BOOKING = "state IN ('requested', 'pending', 'accepted', 'waiting', 'offered')"


def parent_key(target: str, *, ondelete: str = "RESTRICT", index: bool = True, **options: Any) -> Mapped[Any]:
    return mapped_column(ForeignKey(target, ondelete=ondelete), index=index, **options)


# --- Town ---------------------------------------------------------------------------------------


class Setting(db.Model):
    """One setting of the town; the known keys and their defaults are in `domain.settings`."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class PublicHoliday(db.Model):
    __tablename__ = "public_holiday"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    label: Mapped[str] = mapped_column(String(80))


class SchoolHoliday(db.Model):
    """A stretch of school holidays, both days included."""

    __tablename__ = "school_holiday"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="order"),
        UniqueConstraint("zone", "first_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    zone: Mapped[SchoolZone] = mapped_column(closed_list(SchoolZone))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date, index=True)
    label: Mapped[str] = mapped_column(String(80))


class UsefulLink(db.Model):
    __tablename__ = "useful_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Resource(db.Model):
    """A PDF that the service offers to every family (S29); the bytes are in the file store."""

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    file_key: Mapped[str] = mapped_column(String(80), unique=True)
    file_name: Mapped[str] = mapped_column(String(160))
    size_bytes: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class ListChoice(db.Model):
    """One entry of a list that the service edits: family situations, relationships, diets (S32, S45)."""

    __tablename__ = "list_choice"
    __table_args__ = (UniqueConstraint("kind", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ChoiceList] = mapped_column(closed_list(ChoiceList))
    label: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class FieldRule(db.Model):
    """What the town does with one field of the family file, where it differs from `domain.family_file`."""

    __tablename__ = "field_rule"

    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    is_shown: Mapped[bool]
    is_editable: Mapped[bool]
    is_required: Mapped[bool]
    needs_control: Mapped[bool]


# --- Accounts -----------------------------------------------------------------------------------


class User(db.Model):
    """A sign-in account: one e-mail, one person (S05)."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(closed_list(AccountKind))
    status: Mapped[AccountStatus] = mapped_column(closed_list(AccountStatus), default=AccountStatus.CLOSED)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    announcements_refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # but for service mails


class SecondFactor(db.Model):
    """The application that gives the codes of an account, once a first code proved it (R50, security S06)."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = parent_key("user_account.id", index=False, primary_key=True)
    secret: Mapped[str] = mapped_column(SealedText("second_factor.secret"))
    last_step: Mapped[int] = mapped_column(BigInteger)  # of the last code taken: it works once
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(db.Model):
    """A code on paper that stands for the application once, when it is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id")
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserSession(db.Model):
    """A signed-in browser. The cookie holds the token, the table its hash: sign-out ends it here (S25)."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = parent_key("user_account.id")
    kind: Mapped[SessionKind] = mapped_column(closed_list(SessionKind))
    device: Mapped[str] = mapped_column(String(120), default="")  # « Firefox sur Android », for its owner
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LastSignIn(db.Model):
    """When an account was last opened; without a row, never since the portal remembers browsers."""

    __tablename__ = "last_sign_in"

    user_id: Mapped[int] = parent_key("user_account.id", index=False, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ActivationToken(db.Model):
    """The link of an activation mail (S10): only its hash is kept, one use."""

    __tablename__ = "activation_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ProvisionalPassword(db.Model):
    """A one-time access sent by mail (S23): the newest of a user replaces the former."""

    __tablename__ = "provisional_password"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id", unique=True, index=False)
    password_hash: Mapped[str] = mapped_column(String(200))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrong_tries: Mapped[int] = mapped_column(default=0)


class Throttle(db.Model):
    """Counter of tries for one key (an account or a network) in one window (S24)."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class EmailChange(db.Model):
    """A new sign-in address that its owner has not proven yet; the old one works until then (S38)."""

    __tablename__ = "email_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id", unique=True, index=False)
    new_email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # None until the mail leaves
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffMember(db.Model):
    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id", unique=True, index=False)
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    role: Mapped[StaffRole] = mapped_column(closed_list(StaffRole))
    can_read_medical: Mapped[bool] = mapped_column(default=False)  # apart from the role (S114)


class StaffFacility(db.Model):
    """The facilities that a director answers for (S108)."""

    __tablename__ = "staff_facility"

    staff_id: Mapped[int] = parent_key("staff_member.id", ondelete="CASCADE", index=False, primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", ondelete="CASCADE", primary_key=True)


# --- Families -----------------------------------------------------------------------------------


class Household(db.Model):
    """A family file, opened by the service (S01)."""

    __tablename__ = "household"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200), default="")
    address_extra: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(10), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    family_situation: Mapped[str] = mapped_column(String(60), default="")
    residency: Mapped[Residency] = mapped_column(closed_list(Residency))
    address_since: Mapped[date | None] = mapped_column(Date)  # the former ones are in former_address
    social_fund: Mapped[SocialFund | None] = mapped_column(closed_list(SocialFund))
    beneficiary_number: Mapped[str] = mapped_column(String(20), default="")
    import_key: Mapped[str | None] = mapped_column(String(80), unique=True)  # its name in the imported file
    merged_into_id: Mapped[int | None] = parent_key("household.id")  # a duplicate, kept for its trace (R03)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its personal data went (R54)
    search_text: Mapped[str] = mapped_column(Text, default="")  # folded names, see services.name_index


class FormerAddress(db.Model):
    """Where a household lived before, both days included; `valid_from` None when nobody knows."""

    __tablename__ = "former_address"
    __table_args__ = (CheckConstraint("valid_from IS NULL OR valid_from <= valid_to", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id")
    address: Mapped[str] = mapped_column(String(200))
    address_extra: Mapped[str] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(10))
    city: Mapped[str] = mapped_column(String(100))
    residency: Mapped[Residency] = mapped_column(closed_list(Residency))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date] = mapped_column(Date)


class Guardian(db.Model):
    """An adult of one or several households; `user_id` once an access was opened."""

    __tablename__ = "guardian"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = parent_key("user_account.id", unique=True, index=False)
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), default="")
    mobile_phone: Mapped[str] = mapped_column(String(30), default="")
    home_phone: Mapped[str] = mapped_column(String(30), default="")
    work_phone: Mapped[str] = mapped_column(String(30), default="")
    workplace: Mapped[str] = mapped_column(String(160), default="")
    birth_name: Mapped[str] = mapped_column(String(80), default="")
    birth_date: Mapped[date | None] = mapped_column(Date)
    profession: Mapped[str] = mapped_column(String(120), default="")
    iban: Mapped[str | None] = mapped_column(SealedText("guardian.iban"))
    iban_holder: Mapped[str] = mapped_column(String(120), default="")
    has_secret_contact: Mapped[bool] = mapped_column(default=False)  # hidden even from ordinary agents
    wants_reminders: Mapped[bool] = mapped_column(default=True)  # of days not booked before their limit (R24)
    merged_into_id: Mapped[int | None] = parent_key("guardian.id")  # a duplicate, kept for its history (R03)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HouseholdGuardian(db.Model):
    """An adult of a household; a step-parent is no legal guardian (R01)."""

    __tablename__ = "household_guardian"

    household_id: Mapped[int] = parent_key("household.id", index=False, primary_key=True)
    guardian_id: Mapped[int] = parent_key("guardian.id", primary_key=True)
    position: Mapped[int] = mapped_column(default=1)
    relationship: Mapped[str] = mapped_column(String(80), default="")
    is_legal_guardian: Mapped[bool] = mapped_column(default=True)


class Child(db.Model):
    __tablename__ = "child"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    birth_date: Mapped[date] = mapped_column(Date)
    sex: Mapped[Sex | None] = mapped_column(closed_list(Sex))
    birth_place: Mapped[str] = mapped_column(String(120), default="")
    diet: Mapped[str] = mapped_column(
        String(80), default=""
    )  # one label of the town's list; empty = ordinary
    diet_note: Mapped[str] = mapped_column(String(300), default="")
    merged_into_id: Mapped[int | None] = parent_key("child.id")  # a duplicate, kept for its history (R03)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HouseholdChild(db.Model):
    """A child may live in two households (R02). A restricted household reads the name only: the service has
    noted a decision of justice (security 1.3)."""

    __tablename__ = "household_child"

    household_id: Mapped[int] = parent_key("household.id", index=False, primary_key=True)
    child_id: Mapped[int] = parent_key("child.id", primary_key=True)
    is_restricted: Mapped[bool] = mapped_column(default=False)


class CustodyCalendar(db.Model):
    """Which of two households a child lives in, from a day until the next row (R02, `domain.custody`).

    ISO week numbers decide; the child changes house on `handover_weekday` (0 = Monday).
    """

    __tablename__ = "custody_calendar"
    __table_args__ = (
        UniqueConstraint("child_id", "valid_from"),
        CheckConstraint("even_household_id <> odd_household_id", name="two_households"),
        CheckConstraint("handover_weekday BETWEEN 0 AND 6", name="weekday"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id", index=False)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    even_household_id: Mapped[int] = parent_key("household.id")
    odd_household_id: Mapped[int] = parent_key("household.id")
    handover_weekday: Mapped[int] = mapped_column(default=0)
    holiday_split: Mapped[CustodySplit] = mapped_column(closed_list(CustodySplit))
    summer_split: Mapped[CustodySplit] = mapped_column(closed_list(CustodySplit, "summersplit"))


class CustodyException(db.Model):
    """Days, both included, on which a child is elsewhere than its calendar says."""

    __tablename__ = "custody_exception"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id")
    household_id: Mapped[int] = parent_key("household.id")
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200), default="")
    swap_id: Mapped[int | None] = parent_key("custody_swap.id", index=False)


class CustodySwap(db.Model):
    """One household gives days of a child to the other, perhaps against others; the other one accepts (R02).

    Days are both included. The given days are spent in `to_household_id`, the taken ones in `household_id`.
    """

    __tablename__ = "custody_swap"
    __table_args__ = (
        CheckConstraint("given_first <= given_last", name="given"),
        CheckConstraint("taken_first IS NULL OR taken_first <= taken_last", name="taken"),
        CheckConstraint("(taken_first IS NULL) = (taken_last IS NULL)", name="taken_both"),
        CheckConstraint("household_id <> to_household_id", name="two_households"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id")
    household_id: Mapped[int] = parent_key("household.id")
    to_household_id: Mapped[int] = parent_key("household.id")
    given_first: Mapped[date] = mapped_column(Date)
    given_last: Mapped[date] = mapped_column(Date)
    taken_first: Mapped[date | None] = mapped_column(Date)
    taken_last: Mapped[date | None] = mapped_column(Date)
    state: Mapped[SwapState] = mapped_column(closed_list(SwapState))
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_name: Mapped[str] = mapped_column(String(160), default="")


class MedicalRecord(db.Model):
    """Health of a child: one sealed JSON object, read by who has the right, each reading in the journal."""

    __tablename__ = "medical_record"

    child_id: Mapped[int] = parent_key("child.id", index=False, primary_key=True)
    content: Mapped[str] = mapped_column(SealedText("medical_record.content"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuthorisedPerson(db.Model):
    """Somebody who may fetch a child, or is called in an emergency (S46)."""

    __tablename__ = "authorised_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id")
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    relationship: Mapped[str] = mapped_column(String(80), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    may_collect: Mapped[bool] = mapped_column(default=True)
    is_emergency_contact: Mapped[bool] = mapped_column(default=False)


class AuthorisationType(db.Model):
    """A question put to the parents of each child: leave alone, be photographed, hospital (S47 to S50)."""

    __tablename__ = "authorisation_type"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    is_per_facility: Mapped[bool] = mapped_column(default=False)
    is_safety: Mapped[bool] = mapped_column(default=False)  # a « non » shows at once at the door (S52)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Authorisation(db.Model):
    """An answer in force until `ended_at`, with its day and its author; former ones are kept (S48, S49)."""

    __tablename__ = "authorisation"
    __table_args__ = (
        Index(
            "uq_authorisation_current",
            "child_id",
            "type_id",
            "facility_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND facility_id IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND facility_id IS NOT NULL"),
        ),
        Index(
            "uq_authorisation_current_everywhere",
            "child_id",
            "type_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND facility_id IS NULL"),
            postgresql_where=text("ended_at IS NULL AND facility_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id")
    type_id: Mapped[int] = parent_key("authorisation_type.id")
    facility_id: Mapped[int | None] = parent_key("facility.id")
    is_allowed: Mapped[bool]
    author_name: Mapped[str] = mapped_column(String(160))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Consent(db.Model):
    """A text that each adult accepts: the règlement intérieur, a charter (R06)."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    is_required: Mapped[bool] = mapped_column(default=True)  # without it, no booking
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class ConsentVersion(db.Model):
    """The text itself; a published one is never changed, a new number replaces it."""

    __tablename__ = "consent_version"
    __table_args__ = (UniqueConstraint("consent_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[int] = parent_key("consent.id", index=False)
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsentAnswer(db.Model):
    """Who answered which version, when; the last answer counts."""

    __tablename__ = "consent_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = parent_key("consent_version.id")
    guardian_id: Mapped[int] = parent_key("guardian.id")
    is_accepted: Mapped[bool]
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Certification(db.Model):
    """« Je confirme que tout est exact », until a day included (R05)."""

    __tablename__ = "certification"

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id")
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    certified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[date] = mapped_column(Date)


class QuotientFamilial(db.Model):
    """A dated quotient; the value is in hundredths so that 622,50 is exact."""

    __tablename__ = "quotient_familial"
    __table_args__ = (CheckConstraint("value_hundredths >= 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id")
    value_hundredths: Mapped[int]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(80))
    document_id: Mapped[int | None] = parent_key("document.id")  # its proof, when it came through the portal
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DocumentCategory(db.Model):
    """A supporting document that the town asks for (S64 to S69, S75).

    `max_age_months`: an older document warns the parent and the service. `validity` says until when an
    accepted one serves; `validity_months` counts for DocumentValidity.MONTHS only.
    """

    __tablename__ = "document_category"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[DocumentOwner] = mapped_column(closed_list(DocumentOwner))
    effect: Mapped[DocumentEffect] = mapped_column(closed_list(DocumentEffect), default=DocumentEffect.NONE)
    validity: Mapped[DocumentValidity] = mapped_column(
        closed_list(DocumentValidity), default=DocumentValidity.LASTING
    )
    validity_months: Mapped[int | None] = mapped_column(Integer)
    max_age_months: Mapped[int | None] = mapped_column(Integer)
    gates_booking: Mapped[bool] = mapped_column(default=False)  # missing or expired: no booking
    is_medical: Mapped[bool] = mapped_column(default=False)  # read by who has the medical right
    is_required: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class DocumentCategoryFacility(db.Model):
    """The category is needed for this structure; without any row, for every family."""

    __tablename__ = "document_category_facility"

    category_id: Mapped[int] = parent_key("document_category.id", index=False, primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", primary_key=True)


class Document(db.Model):
    """A supporting document of a family, from the camera to the decision (S62 to S74).

    Its pages, joined in one PDF, are sealed in the file store under `file_key`; a paper that the service saw
    at the counter has none and is accepted at once. `upload_key` makes a repeated sending one document.
    """

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_household_state", "household_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = parent_key("document_category.id")
    household_id: Mapped[int] = parent_key("household.id", index=False)
    child_id: Mapped[int | None] = parent_key("child.id")
    state: Mapped[DocumentState] = mapped_column(closed_list(DocumentState), index=True)
    is_private: Mapped[bool] = mapped_column(default=False)  # hidden from the child's other household
    sender_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)
    sender_name: Mapped[str] = mapped_column(String(160))
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    upload_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    issued_on: Mapped[date | None] = mapped_column(Date)  # the day written on the paper
    valid_until: Mapped[date | None] = mapped_column(Date)
    absence_kind: Mapped[AbsenceKind | None] = mapped_column(closed_list(AbsenceKind))
    comment: Mapped[str] = mapped_column(String(500), default="")
    file_key: Mapped[str | None] = mapped_column(String(80), unique=True)  # None: seen on paper
    file_name: Mapped[str] = mapped_column(String(160), default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    page_count: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    reminded_on: Mapped[date | None] = mapped_column(Date)  # the end was announced to the family


class DocumentPage(db.Model):
    """A picture of one page, sealed in the file store: what the service reads beside the case."""

    __tablename__ = "document_page"

    document_id: Mapped[int] = parent_key("document.id", index=False, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    file_key: Mapped[str] = mapped_column(String(80), unique=True)


# --- Facilities, activities, rules --------------------------------------------------------------


class Facility(db.Model):
    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[FacilityKind] = mapped_column(closed_list(FacilityKind))
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    opening_hours: Mapped[str] = mapped_column(Text, default="")
    validation_mode: Mapped[ValidationMode] = mapped_column(closed_list(ValidationMode))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Activity(db.Model):
    __tablename__ = "activity"
    __table_args__ = (
        UniqueConstraint("facility_id", "name"),
        CheckConstraint("waiting_places IS NULL OR waiting_places > 0", name="waiting_places"),
        CheckConstraint("offer_hours > 0", name="offer_hours"),
        CheckConstraint("children_per_adult > 0", name="children_per_adult"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", index=False)
    regie_id: Mapped[int | None] = parent_key("regie.id")  # who bills it; None: it cannot be billed yet
    kitchen_id: Mapped[int | None] = parent_key("kitchen.id")  # who cooks its meals; None: nobody (R32)
    children_per_adult: Mapped[int | None] = mapped_column(Integer)  # None: no ratio is asked (R35)
    name: Mapped[str] = mapped_column(String(120))
    rule_name: Mapped[str] = mapped_column(String(60), unique=True)  # its key in the règlement
    kind: Mapped[ActivityKind] = mapped_column(closed_list(ActivityKind))
    has_waiting_list: Mapped[bool] = mapped_column(default=False)
    waiting_places: Mapped[int | None] = mapped_column(Integer)  # the longest list of a day; None: no limit
    offer_hours: Mapped[int] = mapped_column(default=24)  # the time to take a place that comes free (R18)
    is_care: Mapped[bool] = mapped_column(default=True)  # counts for the tax credit: meals do not (R44)
    is_declared: Mapped[bool] = mapped_column(default=False)  # to the State: hours count for the CAF (R49)
    product_code: Mapped[str] = mapped_column(String(4), default="")  # of the town's accounts
    last_places_threshold: Mapped[int] = mapped_column(default=3)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Kitchen(db.Model):
    """Who cooks for one or several activities: a central kitchen, a school's, a supplier (R32)."""

    __tablename__ = "kitchen"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Regie(db.Model):
    """Who collects the money of some activities for the town; its bills have numbers of their own (R42)."""

    __tablename__ = "regie"
    __table_args__ = (
        CheckConstraint("due_days > 0", name="due_days"),
        CheckConstraint("notice_days > 0", name="notice_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)  # begins the numbers of its bills
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    payment_terms: Mapped[str] = mapped_column(Text, default="")  # how to pay, printed on the bill
    iban: Mapped[str] = mapped_column(String(34), default="")  # of the town, printed: where a transfer goes
    bic: Mapped[str] = mapped_column(String(11), default="")
    due_days: Mapped[int] = mapped_column(default=30)  # from the day of issue
    payfip_client: Mapped[str] = mapped_column(String(6), default="")  # NUMCLI, six digits, from the Treasury
    online_mode: Mapped[OnlineMode] = mapped_column(closed_list(OnlineMode), default=OnlineMode.OFF)
    # These three open the direct debit: the ICS, the name that families read at their bank, and how long
    # before a debit they are told. The money goes to `iban`.
    creditor_identifier: Mapped[str] = mapped_column(String(35), default="")
    creditor_name: Mapped[str] = mapped_column(String(70), default="")
    notice_days: Mapped[int] = mapped_column(default=14)
    treasury_post: Mapped[str] = mapped_column(String(7), default="")  # these four name it to the Treasury
    collectivity_code: Mapped[str] = mapped_column(String(3), default="")
    budget_code: Mapped[str] = mapped_column(String(2), default="")
    accounting_article: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class ChildGroup(db.Model):
    """Children of a facility who share places: « les 3-5 ans » (R11). Ages are completed years, both
    included."""

    __tablename__ = "child_group"
    __table_args__ = (
        UniqueConstraint("facility_id", "name"),
        CheckConstraint("first_age IS NULL OR last_age IS NULL OR first_age <= last_age", name="ages"),
        CheckConstraint("children_per_adult > 0", name="children_per_adult"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", index=False)
    name: Mapped[str] = mapped_column(String(80))
    first_age: Mapped[int | None] = mapped_column(Integer)
    last_age: Mapped[int | None] = mapped_column(Integer)
    children_per_adult: Mapped[int | None] = mapped_column(Integer)  # None: that of the activity (R35)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class PresenceType(db.Model):
    """What is booked on a day of an activity: a meal, a full day, a morning (S94).

    `parts` are the parts of the day that it takes a place in, as `domain.capacity.DayPart` adds them (R11).
    Its hours are minutes of the clock in Paris, from midnight; None until the service gives them (R35, R49).
    """

    __tablename__ = "presence_type"
    __table_args__ = (
        UniqueConstraint("activity_id", "name"),
        UniqueConstraint("activity_id", "rule_name"),
        CheckConstraint("parts BETWEEN 1 AND 7", name="parts"),
        CheckConstraint("(starts_minute IS NULL) = (ends_minute IS NULL)", name="both_hours"),
        CheckConstraint(
            "starts_minute >= 0 AND starts_minute < ends_minute AND ends_minute <= 1440", name="hours"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    name: Mapped[str] = mapped_column(String(80))
    rule_name: Mapped[str] = mapped_column(String(60))  # its word of the fact « formule » in the règlement
    short_name: Mapped[str] = mapped_column(String(20))
    parts: Mapped[int] = mapped_column(default=7)
    starts_minute: Mapped[int | None] = mapped_column(Integer)
    ends_minute: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class RulebookVersion(db.Model):
    """The whole règlement of the town, in force between two days (both included); the draft has no dates.

    `text` is what people wrote (docs/reglement-format.md), `tree` the same as nested texts, read without the
    file format; `fingerprint` changes with the text (P15).
    """

    __tablename__ = "rulebook_version"
    __table_args__ = (
        CheckConstraint("is_draft = (valid_from IS NULL)", name="draft"),
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="order"),
        Index(
            "uq_rulebook_draft",
            "is_draft",
            unique=True,
            sqlite_where=text("is_draft"),
            postgresql_where=text("is_draft"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    is_draft: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None] = mapped_column(Date, unique=True)
    valid_to: Mapped[date | None] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    tree: Mapped[dict[str, Any]] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(String(64))
    author_name: Mapped[str] = mapped_column(String(160), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RuleFact(db.Model):
    """A fact that the règlement reads and that the service states, of a family or of one of its children."""

    __tablename__ = "rule_fact"
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id")
    child_id: Mapped[int | None] = parent_key("child.id")
    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class BookingPeriod(db.Model):
    """A stretch of days that families may book between two instants (S91)."""

    __tablename__ = "booking_period"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id")
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    places_mode: Mapped[PlacesMode] = mapped_column(closed_list(PlacesMode), default=PlacesMode.FIRST_COME)
    allotted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # wishes got their answer (R17)


class Opening(db.Model):
    """An activity opens on a day. `booked` counts the bookings that hold a place, `waiting` those of the
    list: places are taken by one conditional UPDATE on this row (S100). `has_limits`: some `PlaceLimit`
    narrows it."""

    __tablename__ = "opening"
    __table_args__ = (
        UniqueConstraint("activity_id", "day"),
        CheckConstraint("booked >= 0 AND waiting >= 0", name="counts"),
        CheckConstraint("capacity IS NULL OR booked <= capacity", name="capacity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    period_id: Mapped[int] = parent_key("booking_period.id")
    day: Mapped[date] = mapped_column(Date, index=True)
    capacity: Mapped[int | None] = mapped_column(Integer)
    booked: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    has_limits: Mapped[bool] = mapped_column(default=False)
    closed_reason: Mapped[str | None] = mapped_column(String(160))


class PlaceLimit(db.Model):
    """The places of one group, of one part of the day, or of both, on an open day (R11).

    `part` is a value of `domain.capacity.DayPart`, 0 for the whole day; `group_id` None for every child.
    """

    __tablename__ = "place_limit"
    __table_args__ = (
        CheckConstraint("booked BETWEEN 0 AND capacity", name="places"),
        CheckConstraint("part IN (0, 1, 2, 4)", name="part"),
        CheckConstraint("part > 0 OR group_id IS NOT NULL", name="narrows"),
        Index(
            "uq_place_limit_group",
            "opening_id",
            "part",
            "group_id",
            unique=True,
            sqlite_where=text("group_id IS NOT NULL"),
            postgresql_where=text("group_id IS NOT NULL"),
        ),
        Index(
            "uq_place_limit_everybody",
            "opening_id",
            "part",
            unique=True,
            sqlite_where=text("group_id IS NULL"),
            postgresql_where=text("group_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = parent_key("opening.id", ondelete="CASCADE", index=False)
    group_id: Mapped[int | None] = parent_key("child_group.id")
    part: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int]
    booked: Mapped[int] = mapped_column(default=0)


class Closure(db.Model):
    """Days, both included, on which a facility, one activity of it, or one class does not open (R12).

    `cause` is the word of the fact « cause » of the règlement, which decides what stays due; `reason` is what
    families read.
    """

    __tablename__ = "closure"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id")
    activity_id: Mapped[int | None] = parent_key("activity.id", index=False)
    class_id: Mapped[int | None] = parent_key("school_class.id", index=False)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date, index=True)
    cause: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(160))
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Enrolment(db.Model):
    """A child may book in a facility, or in one activity of it, between two days (both included).

    `group_id`: the group whose places the child takes.
    """

    __tablename__ = "enrolment"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id")
    facility_id: Mapped[int] = parent_key("facility.id")
    activity_id: Mapped[int | None] = parent_key("activity.id", index=False)
    group_id: Mapped[int | None] = parent_key("child_group.id", index=False)
    group_name: Mapped[str] = mapped_column(String(80), default="")
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)


class EnrolmentRequest(db.Model):
    """A family asks that a child be enrolled in an activity; the conditions are those of the règlement (R17).

    `unmet` keeps the sentences of the conditions that were not met when it was sent.
    """

    __tablename__ = "enrolment_request"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="order"),
        Index(
            "uq_enrolment_request_pending",
            "child_id",
            "activity_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    household_id: Mapped[int] = parent_key("household.id")
    child_id: Mapped[int] = parent_key("child.id")
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[EnrolmentState] = mapped_column(closed_list(EnrolmentState), index=True)
    unmet: Mapped[list[str]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    enrolment_id: Mapped[int | None] = parent_key("enrolment.id", ondelete="SET NULL", index=False)
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)


class SchoolClass(db.Model):
    """A class of a school in one school year; 2026 is 2026-2027 (R04)."""

    __tablename__ = "school_class"
    __table_args__ = (UniqueConstraint("facility_id", "school_year", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", index=False)
    school_year: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    teacher: Mapped[str] = mapped_column(String(120), default="")


class Schooling(db.Model):
    """School, level and class of a child in one school year: one row a year, the former ones stay (R04)."""

    __tablename__ = "schooling"
    __table_args__ = (UniqueConstraint("child_id", "school_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id", index=False)
    school_year: Mapped[int]
    facility_id: Mapped[int] = parent_key("facility.id")
    level: Mapped[SchoolLevel] = mapped_column(closed_list(SchoolLevel))
    class_id: Mapped[int | None] = parent_key("school_class.id")


# --- Changes that families declare --------------------------------------------------------------


class ChangeRequest(db.Model):
    """What a family changed in one form of its file, decided by the service within 48 hours (S34).

    `child_id`, `guardian_id`: whose sheet it is; neither for the household itself.
    """

    __tablename__ = "change_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    household_id: Mapped[int] = parent_key("household.id")
    child_id: Mapped[int | None] = parent_key("child.id")
    guardian_id: Mapped[int | None] = parent_key("guardian.id")
    section: Mapped[FileSection] = mapped_column(closed_list(FileSection))
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    submission_key: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ChangeLine(db.Model):
    """One field of a change: what the family saw, what it wants, what became of it (S35 to S37).

    Values are texts as `domain.family_file` writes them, None for nothing; they rest sealed.
    """

    __tablename__ = "change_line"
    __table_args__ = (
        Index(
            "uq_change_line_pending",
            "subject_kind",
            "subject_id",
            "field",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_change_line_subject", "subject_kind", "subject_id"),
        Index("ix_change_line_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = parent_key("change_request.id")
    subject_kind: Mapped[SubjectKind] = mapped_column(closed_list(SubjectKind))
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(60))
    is_safety: Mapped[bool] = mapped_column(default=False)
    seen_value: Mapped[str | None] = mapped_column(SealedText("change_line.seen_value"))
    wanted_value: Mapped[str | None] = mapped_column(SealedText("change_line.wanted_value"))
    state: Mapped[ChangeState] = mapped_column(closed_list(ChangeState))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)


# --- Bookings -----------------------------------------------------------------------------------


class Booking(db.Model):
    """A child on a day of an activity; `day` and `activity_id` copy the opening for the hot pages.

    Its state changes in `services.booking_life` alone. `group_id`: whose places it takes. The waiting list
    of a day goes by `waiting_order`, those without one after the others, then by id. `due_cents`: what
    stays due after a cancelling, a closure or an absence; None while the whole price is.
    """

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "uq_booking_active",
            "child_id",
            "opening_id",
            unique=True,
            sqlite_where=text(ACTIVE_BOOKING),
            postgresql_where=text(ACTIVE_BOOKING),
        ),
        CheckConstraint("(state = 'offered') = (offer_expires_at IS NOT NULL)", name="offer"),
        Index(
            "ix_booking_offer",
            "offer_expires_at",
            # Not the state, which means the same: SQLite would plan anew, each time it runs, every
            # statement that compares the state of a booking with a bound value.
            sqlite_where=text("offer_expires_at IS NOT NULL"),
            postgresql_where=text("offer_expires_at IS NOT NULL"),
        ),
        Index("ix_booking_child_day", "child_id", "day"),
        Index("ix_booking_opening_state", "opening_id", "state"),
        Index("ix_booking_household_day", "household_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id", index=False)
    child_id: Mapped[int] = parent_key("child.id", index=False)
    opening_id: Mapped[int] = parent_key("opening.id", index=False)
    activity_id: Mapped[int] = parent_key("activity.id")
    presence_type_id: Mapped[int] = parent_key("presence_type.id")
    day: Mapped[date] = mapped_column(Date)
    group_id: Mapped[int | None] = parent_key("child_group.id", index=False)
    state: Mapped[BookingState] = mapped_column(closed_list(BookingState))
    waiting_order: Mapped[int | None] = mapped_column(Integer)
    offer_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    price_cents: Mapped[int | None] = mapped_column(Integer)
    due_cents: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BookingEvent(db.Model):
    """One step in the life of a booking: who, when, what, by which channel, why. Rows are only ever added.

    `household_id`: whose booking it is from this moment on, for a booking may pass to the child's other home.
    `credit_cents`: what the closure of this step took off the bill; None for every other step.
    """

    __tablename__ = "booking_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = parent_key("booking.id")
    household_id: Mapped[int] = parent_key("household.id", index=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[BookingState] = mapped_column(closed_list(BookingState))  # from this moment on
    actor_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)
    actor_name: Mapped[str] = mapped_column(String(160), default="")
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    reason: Mapped[str] = mapped_column(Text, default="")
    closure_id: Mapped[int | None] = parent_key("closure.id")
    credit_cents: Mapped[int | None] = mapped_column(Integer)


class Allotment(db.Model):
    """How the places of a period went to the wishes of families, once for each activity (R17).

    The same `seed` on the same wishes gives the same places again; `criteria` says in French what counted.
    """

    __tablename__ = "allotment"
    __table_args__ = (UniqueConstraint("period_id", "activity_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = parent_key("booking_period.id", index=False)
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    seed: Mapped[str] = mapped_column(String(64))
    criteria: Mapped[list[str]] = mapped_column(JSON, default=list)
    rulebook_fingerprint: Mapped[str] = mapped_column(String(64), default="")
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AllotmentRank(db.Model):
    """One wish in an allotment: its place among those of its day, and why, as its family reads it.

    `inputs` is what the calculation read of this wish, so that it can be done again.
    """

    __tablename__ = "allotment_rank"
    __table_args__ = (UniqueConstraint("booking_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    allotment_id: Mapped[int] = parent_key("allotment.id")
    booking_id: Mapped[int] = parent_key("booking.id", index=False)
    rank: Mapped[int]
    is_admitted: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)


class DefaultWeekDay(db.Model):
    """A presence that a family books every week, every even or every odd ISO week (R21)."""

    __tablename__ = "default_week_day"
    __table_args__ = (
        UniqueConstraint("child_id", "household_id", "presence_type_id", "weekday", "parity"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = parent_key("household.id")
    child_id: Mapped[int] = parent_key("child.id", index=False)
    presence_type_id: Mapped[int] = parent_key("presence_type.id")
    weekday: Mapped[int]
    parity: Mapped[WeekParity] = mapped_column(closed_list(WeekParity))


class BookingReminder(db.Model):
    """A household was reminded of the days of a facility in one week, by its Monday: once (R24)."""

    __tablename__ = "booking_reminder"

    household_id: Mapped[int] = parent_key("household.id", index=False, primary_key=True)
    facility_id: Mapped[int] = parent_key("facility.id", index=False, primary_key=True)
    week: Mapped[date] = mapped_column(Date, primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarFeed(db.Model):
    """The secret address at which an adult's calendar reads the bookings; one in force at a time (R25)."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        Index(
            "uq_calendar_feed_current",
            "user_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = parent_key("user_account.id")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Absence(db.Model):
    """A child will not come, or did not, on a booked day; `document_id` is its proof (S69, S73).

    `kind` is None while no proof was named. `explanation` says in French why the booking's `due_cents`
    stay due. `is_observed`: nobody told it, the team saw it on the day (R30).
    """

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = parent_key("booking.id", unique=True, index=False)
    kind: Mapped[AbsenceKind | None] = mapped_column(closed_list(AbsenceKind))
    state: Mapped[AbsenceState] = mapped_column(closed_list(AbsenceState))
    explanation: Mapped[list[str]] = mapped_column(JSON, default=list)
    document_id: Mapped[int | None] = parent_key("document.id")
    is_observed: Mapped[bool] = mapped_column(default=False)
    author_name: Mapped[str] = mapped_column(String(160))
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BookingRequest(db.Model):
    """What a family validated in one go; one draft makes one request (S98)."""

    __tablename__ = "booking_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    household_id: Mapped[int] = parent_key("household.id")
    author_user_id: Mapped[int] = parent_key("user_account.id")
    author_name: Mapped[str] = mapped_column(String(160))
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    override_reason: Mapped[str] = mapped_column(String(300), default="")  # why an agent passed a limit
    draft_id: Mapped[int | None] = parent_key(
        "booking_draft.id", ondelete="SET NULL", unique=True, index=False
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BookingRequestLine(db.Model):
    """One child, day, presence type and action, with its own state and reason (S85, S99)."""

    __tablename__ = "booking_request_line"
    __table_args__ = (Index("ix_booking_request_line_state_facility", "state", "facility_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = parent_key("booking_request.id")
    booking_id: Mapped[int | None] = parent_key("booking.id")
    child_id: Mapped[int] = parent_key("child.id")
    facility_id: Mapped[int] = parent_key("facility.id", index=False)
    opening_id: Mapped[int] = parent_key("opening.id")
    presence_type_id: Mapped[int] = parent_key("presence_type.id", index=False)
    day: Mapped[date] = mapped_column(Date)
    action: Mapped[LineAction] = mapped_column(closed_list(LineAction))
    state: Mapped[LineState] = mapped_column(closed_list(LineState))
    price_cents: Mapped[int | None] = mapped_column(Integer)
    explanation: Mapped[list[str]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_user_id: Mapped[int | None] = parent_key("user_account.id", index=False)


class BookingDraft(db.Model):
    """The wizard of one parent, or of an agent for a family, kept on the server (S90, S102, S116).

    `key` is in the address. `default_week` is the default week asked for in this draft, as
    `domain.default_week.to_tree` writes it: it becomes the household's at « Valider » (R21).
    """

    __tablename__ = "booking_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = parent_key("user_account.id")
    household_id: Mapped[int] = parent_key("household.id")
    child_id: Mapped[int | None] = parent_key("child.id", index=False)
    facility_id: Mapped[int | None] = parent_key("facility.id", index=False)
    month: Mapped[date | None] = mapped_column(Date)  # first day of the month of care
    presence_type_id: Mapped[int | None] = parent_key("presence_type.id", index=False)
    channel: Mapped[Channel] = mapped_column(closed_list(Channel), default=Channel.PORTAL)
    override_reason: Mapped[str] = mapped_column(String(300), default="")
    default_week: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BookingDraftLine(db.Model):
    """A touched day: what the parent wants, decided only at « Valider »."""

    __tablename__ = "booking_draft_line"
    __table_args__ = (UniqueConstraint("draft_id", "child_id", "opening_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = parent_key("booking_draft.id", ondelete="CASCADE", index=False)
    child_id: Mapped[int] = parent_key("child.id", index=False)
    opening_id: Mapped[int] = parent_key("opening.id", index=False)
    presence_type_id: Mapped[int] = parent_key("presence_type.id", index=False)
    day: Mapped[date] = mapped_column(Date)
    action: Mapped[LineAction] = mapped_column(closed_list(LineAction))


# --- Presences and money ------------------------------------------------------------------------


class Attendance(db.Model):
    """What the team saw of a child on a day of an activity (R30); `booking_id` is None for a child that
    nobody expected. Minutes are those of the clock in Paris, from midnight."""

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("child_id", "opening_id"),
        Index("ix_attendance_activity_day", "activity_id", "day"),
        Index("ix_attendance_household_day", "household_id", "day"),
        CheckConstraint("arrived_minute BETWEEN 0 AND 1439", name="arrived"),
        CheckConstraint("left_minute BETWEEN 0 AND 1439", name="left"),
        CheckConstraint("arrived_minute <= left_minute", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int] = parent_key("child.id", index=False)
    household_id: Mapped[int] = parent_key("household.id", index=False)  # the one that pays
    opening_id: Mapped[int] = parent_key("opening.id")
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    day: Mapped[date] = mapped_column(Date)
    presence_type_id: Mapped[int] = parent_key("presence_type.id")
    booking_id: Mapped[int | None] = parent_key("booking.id")
    mark: Mapped[AttendanceMark] = mapped_column(closed_list(AttendanceMark))
    arrived_minute: Mapped[int | None] = mapped_column(Integer)
    left_minute: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(300), default="")
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OfflineMark(db.Model):
    """A mark that a phone made without a network (R31), counted once by the `key` that the phone gave it.

    `seen_*`: what its list said of the child when it was made, None of an unmarked one; `met_*`: what another
    device had noted meanwhile, for a conflict; `left_at`: the moment of the mark that it left. `made_at` is
    the clock of the phone put right by the portal's, `is_clock_sure` False where it cannot be.
    """

    __tablename__ = "offline_mark"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_offline_mark_opening_child", "opening_id", "child_id"),
        Index("ix_offline_mark_state", "state", "opening_id"),
        CheckConstraint("(met_mark IS NULL) = (met_at IS NULL)", name="met"),
        CheckConstraint("state <> 'refused' OR reason <> ''", name="reason"),
        CheckConstraint("(seen_mark IS NULL) = (seen_at IS NULL)", name="seen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36))
    device: Mapped[str] = mapped_column(String(36))
    child_id: Mapped[int] = parent_key("child.id")
    opening_id: Mapped[int] = parent_key("opening.id", index=False)
    wanted: Mapped[AttendanceMark] = mapped_column(closed_list(AttendanceMark, "wanted"))
    seen_mark: Mapped[AttendanceMark | None] = mapped_column(closed_list(AttendanceMark, "seen_mark"))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phone_at: Mapped[datetime] = mapped_column(UtcDateTime)  # as the clock of the phone said
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_clock_sure: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    state: Mapped[OfflineState] = mapped_column(closed_list(OfflineState))
    reason: Mapped[str] = mapped_column(String(300), default="")
    met_mark: Mapped[AttendanceMark | None] = mapped_column(closed_list(AttendanceMark, "met_mark"))
    met_name: Mapped[str] = mapped_column(String(160), default="")
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_name: Mapped[str] = mapped_column(String(160), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BillingRun(db.Model):
    """The billing of a month by a régie: made again as often as wanted, then issued once (R42)."""

    __tablename__ = "billing_run"
    __table_args__ = (
        UniqueConstraint("regie_id", "month"),
        CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name="issued"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    regie_id: Mapped[int] = parent_key("regie.id", index=False)
    month: Mapped[date] = mapped_column(Date)  # its first day
    state: Mapped[RunState] = mapped_column(closed_list(RunState))
    author_name: Mapped[str] = mapped_column(String(160))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")  # why the last draft could not be made
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issued_by_name: Mapped[str] = mapped_column(String(160), default="")
    issue_day: Mapped[date | None] = mapped_column(Date)
    due_day: Mapped[date | None] = mapped_column(Date)


class BillingFinding(db.Model):
    """What the checks found in a draft, a blocking one until it is mended (R42)."""

    __tablename__ = "billing_finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = parent_key("billing_run.id", ondelete="CASCADE")
    household_id: Mapped[int | None] = parent_key("household.id")
    kind: Mapped[FindingKind] = mapped_column(closed_list(FindingKind))
    sentence: Mapped[str] = mapped_column(Text)
    is_blocking: Mapped[bool]
    booking_id: Mapped[int | None] = parent_key("booking.id", index=False)


class InvoiceSequence(db.Model):
    """The last number that a régie gave in a year; taken in the transaction that issues, so without a gap."""

    __tablename__ = "invoice_sequence"

    regie_id: Mapped[int] = parent_key("regie.id", primary_key=True, index=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(default=0)


class Invoice(db.Model):
    """A bill, or a credit note (avoir, negative). Frozen once issued: the database refuses any other change
    than of its state and of what is settled (R42, S59).

    `credited_cents`: what its credit notes took off it. `settled_cents`: what was received for it.
    `month`: the first day of the month it bills.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("regie_id", "year", "number"),
        CheckConstraint("(state IN ('draft', 'carried')) = (number IS NULL)", name="numbered"),
        CheckConstraint("(number IS NULL) = (reference IS NULL)", name="referenced"),
        CheckConstraint("(number IS NULL) = (issue_day IS NULL)", name="dated"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="corrects"),
        CheckConstraint("settled_cents >= 0 AND credited_cents >= 0", name="settled"),
        CheckConstraint(
            "settled_cents + credited_cents <= total_cents OR settled_cents + credited_cents = 0",
            name="not_overpaid",
        ),
        Index("ix_invoice_household", "household_id", "month"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    regie_id: Mapped[int] = parent_key("regie.id", index=False)
    run_id: Mapped[int | None] = parent_key("billing_run.id")  # None: a credit note
    household_id: Mapped[int] = parent_key("household.id", index=False)
    kind: Mapped[InvoiceKind] = mapped_column(closed_list(InvoiceKind))
    corrects_id: Mapped[int | None] = parent_key("invoice.id")
    month: Mapped[date] = mapped_column(Date)
    state: Mapped[InvoiceState] = mapped_column(closed_list(InvoiceState))
    year: Mapped[int | None] = mapped_column(Integer)  # of issue, which its number belongs to
    number: Mapped[int | None] = mapped_column(Integer)
    reference: Mapped[str | None] = mapped_column(String(30), unique=True)  # « CANT-2027-000123 »
    recipient_name: Mapped[str] = mapped_column(String(200))
    recipient_address: Mapped[str] = mapped_column(Text)
    issue_day: Mapped[date | None] = mapped_column(Date)
    due_day: Mapped[date | None] = mapped_column(Date)
    total_cents: Mapped[int]
    credited_cents: Mapped[int] = mapped_column(default=0)
    settled_cents: Mapped[int] = mapped_column(default=0)
    settled_on: Mapped[date | None] = mapped_column(
        Date
    )  # the day on which the service or the Treasury said so
    confirmed_on: Mapped[date | None] = mapped_column(
        Date
    )  # the Treasury has the money of what was paid online
    debit_day: Mapped[date | None] = mapped_column(Date)  # announced to the family, as long as it is expected
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InvoiceLine(db.Model):
    """One due thing of a bill, with its arithmetic in French sentences (R43)."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = parent_key("invoice.id", ondelete="CASCADE", index=False)
    position: Mapped[int]
    kind: Mapped[InvoiceLineKind] = mapped_column(closed_list(InvoiceLineKind))
    child_id: Mapped[int | None] = parent_key("child.id")
    activity_id: Mapped[int | None] = parent_key("activity.id", index=False)
    booking_id: Mapped[int | None] = parent_key("booking.id")
    day: Mapped[date | None] = mapped_column(Date)
    label: Mapped[str] = mapped_column(String(200))
    amount_cents: Mapped[int]
    explanation: Mapped[list[str]] = mapped_column(JSON, default=list)
    rulebook_version_id: Mapped[int | None] = parent_key("rulebook_version.id", index=False)
    quotient_hundredths: Mapped[int | None] = mapped_column(Integer)
    carried_from_id: Mapped[int | None] = parent_key("invoice.id")
    corrects_line_id: Mapped[int | None] = parent_key("invoice_line.id")


class LineDispute(db.Model):
    """A family contests a line of its bill; the service answers (R43)."""

    __tablename__ = "line_dispute"
    __table_args__ = (
        Index(
            "uq_line_dispute_open",
            "line_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = parent_key("invoice_line.id")
    household_id: Mapped[int] = parent_key("household.id")
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[DisputeState] = mapped_column(closed_list(DisputeState))
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_name: Mapped[str] = mapped_column(String(160), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Payment(db.Model):
    """Money received from a household; never rewritten, taken back with a reason (R46).

    `allocated_cents`: how much of it pays bills; `refunded_cents`: how much was given back; the rest waits
    for the next bill. `cancelled_at`, `_by_name` and `cancel_reason` tell a mistake as well as what the bank
    refused. Once in a deposit slip it may still bounce, not be cancelled.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("allocated_cents >= 0 AND refunded_cents >= 0", name="used"),
        CheckConstraint("allocated_cents + refunded_cents <= amount_cents", name="not_overused"),
        CheckConstraint("(state = 'valid') = (cancelled_at IS NULL)", name="cancelled"),
        CheckConstraint(
            "state = 'valid' OR allocated_cents + refunded_cents = 0", name="cancelled_pays_nothing"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    regie_id: Mapped[int] = parent_key("regie.id")
    household_id: Mapped[int] = parent_key("household.id")
    method: Mapped[PaymentMethod] = mapped_column(closed_list(PaymentMethod))
    state: Mapped[PaymentState] = mapped_column(closed_list(PaymentState))
    amount_cents: Mapped[int]
    allocated_cents: Mapped[int] = mapped_column(default=0)
    refunded_cents: Mapped[int] = mapped_column(default=0)
    deposit_slip_id: Mapped[int | None] = parent_key("deposit_slip.id")
    received_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str] = mapped_column(String(120), default="")  # the number of a cheque
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)  # sent twice, received once
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by_name: Mapped[str] = mapped_column(String(160), default="")
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")


class PaymentAllocation(db.Model):
    """The part of a payment that pays a bill; taken back with the payment."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        UniqueConstraint("payment_id", "invoice_id"),
        CheckConstraint("amount_cents > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = parent_key("payment.id", index=False)
    invoice_id: Mapped[int] = parent_key("invoice.id")
    amount_cents: Mapped[int]


class DepositSlip(db.Model):
    """A bordereau: payments of one régie handed over to the Treasury or the bank together (R46). Never
    changed: its payments are locked."""

    __tablename__ = "deposit_slip"
    __table_args__ = (
        UniqueConstraint("regie_id", "year", "number"),
        CheckConstraint("total_cents > 0", name="total"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    regie_id: Mapped[int] = parent_key("regie.id", index=False)
    year: Mapped[int]
    number: Mapped[int]
    method: Mapped[PaymentMethod] = mapped_column(closed_list(PaymentMethod))
    total_cents: Mapped[int]
    deposited_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str] = mapped_column(String(120), default="")  # given by the Treasury or the bank
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Refund(db.Model):
    """Money of a payment that no bill needs, given back to the family (R46); taken back with a reason."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("(cancelled_at IS NULL) = (cancel_reason = '')", name="cancelled"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = parent_key("payment.id")
    amount_cents: Mapped[int]
    method: Mapped[PaymentMethod] = mapped_column(closed_list(PaymentMethod))
    refunded_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(300))
    reference: Mapped[str] = mapped_column(String(120), default="")
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by_name: Mapped[str] = mapped_column(String(160), default="")
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")


class Mandate(db.Model):
    """The order that a family gives a régie to collect its bills from an account, and its bank to pay them
    (R46). Never rewritten: another account is another mandate.

    `last_used_on`: the day of the last debit that it carried; without one for 36 months it lapses.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        CheckConstraint("(state IN ('revoked', 'lapsed')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("state <> 'active' OR accepted_at IS NOT NULL", name="accepted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(35), unique=True)  # the RUM, which the bank knows it by
    regie_id: Mapped[int] = parent_key("regie.id")
    household_id: Mapped[int] = parent_key("household.id")
    guardian_id: Mapped[int] = parent_key("guardian.id")  # who signs
    holder_name: Mapped[str] = mapped_column(String(70))  # as the bank knows it
    iban: Mapped[str | None] = mapped_column(SealedText("mandate.iban"))  # None once it was erased
    iban_end: Mapped[str] = mapped_column(String(4))  # its last four figures, all that is shown
    creditor_identifier: Mapped[str] = mapped_column(String(35))
    creditor_name: Mapped[str] = mapped_column(String(70))
    signed_on: Mapped[date] = mapped_column(Date)
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    state: Mapped[MandateState] = mapped_column(closed_list(MandateState))
    last_used_on: Mapped[date | None] = mapped_column(Date)
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by_name: Mapped[str] = mapped_column(String(160), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_name: Mapped[str] = mapped_column(String(160), default="")
    end_reason: Mapped[str] = mapped_column(String(300), default="")


class DebitBatch(db.Model):
    """The direct debits that a régie asks its bank for on one day, in one file (R46).

    It takes its number with its file and is frozen from there. `creditor_*` and `iban` are those of the file.
    """

    __tablename__ = "debit_batch"
    __table_args__ = (
        UniqueConstraint("regie_id", "year", "number"),
        CheckConstraint("(number IS NULL) = (prepared_at IS NULL)", name="numbered"),
        CheckConstraint("(number IS NULL) = (year IS NULL)", name="dated"),
        CheckConstraint("state NOT IN ('prepared', 'settled') OR number IS NOT NULL", name="prepared"),
        CheckConstraint("(state = 'settled') = (settled_on IS NOT NULL)", name="settled"),
        CheckConstraint("number IS NULL OR total_cents > 0", name="total"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    regie_id: Mapped[int] = parent_key("regie.id", index=False)
    year: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[int | None] = mapped_column(Integer)
    collection_day: Mapped[date] = mapped_column(Date)
    state: Mapped[BatchState] = mapped_column(closed_list(BatchState))
    total_cents: Mapped[int] = mapped_column(default=0)
    creditor_identifier: Mapped[str] = mapped_column(String(35))
    creditor_name: Mapped[str] = mapped_column(String(70))
    iban: Mapped[str] = mapped_column(String(34))
    bic: Mapped[str] = mapped_column(String(11), default="")
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    prepared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_on: Mapped[date | None] = mapped_column(Date)
    abandon_reason: Mapped[str] = mapped_column(String(300), default="")


class Debit(db.Model):
    """What a batch asks of a mandate for a bill. A bill waits in one batch at a time (R46).

    Collected, it is a payment; rejected, the bill is due again, whether there was a payment or not.
    """

    __tablename__ = "debit"
    __table_args__ = (
        UniqueConstraint("batch_id", "invoice_id"),
        Index("uq_debit_planned", "invoice_id", unique=True, sqlite_where=text("state = 'planned'"),
              postgresql_where=text("state = 'planned'")),
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("state <> 'collected' OR payment_id IS NOT NULL", name="collected"),
        CheckConstraint("state NOT IN ('planned', 'dropped') OR payment_id IS NULL", name="unpaid"),
        CheckConstraint("(state = 'rejected') = (reject_code <> '')", name="rejected"),
        CheckConstraint("(state = 'dropped') = (drop_reason <> '')", name="dropped"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = parent_key("debit_batch.id", index=False)
    invoice_id: Mapped[int] = parent_key("invoice.id")
    mandate_id: Mapped[int] = parent_key("mandate.id")
    amount_cents: Mapped[int]
    sequence: Mapped[DebitSequence] = mapped_column(closed_list(DebitSequence))
    end_to_end: Mapped[str] = mapped_column(String(35), unique=True)  # follows it to the bank and back
    state: Mapped[DebitState] = mapped_column(closed_list(DebitState))
    payment_id: Mapped[int | None] = parent_key("payment.id", unique=True, index=False)
    reject_code: Mapped[str] = mapped_column(String(4), default="")  # of the bank, « AM04 »
    rejected_on: Mapped[date | None] = mapped_column(Date)
    drop_reason: Mapped[str] = mapped_column(String(300), default="")


class OnlinePayment(db.Model):
    """One attempt to pay bills online; what the payment service says to our question is its only proof (R45).

    `key` is in our addresses, `refdet` the reference asked for, `operation` the service's own name of it
    (idOp). `answer` is its last answer, as it came.
    """

    __tablename__ = "online_payment"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("(state = 'paid') = (payment_id IS NOT NULL)", name="paid"),
        CheckConstraint("state IN ('created', 'expired') OR operation IS NOT NULL", name="asked"),
        Index("ix_online_payment_due", "state", "next_check_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    regie_id: Mapped[int] = parent_key("regie.id", index=False)
    household_id: Mapped[int] = parent_key("household.id")
    user_id: Mapped[int] = parent_key("user_account.id", index=False)
    refdet: Mapped[str] = mapped_column(String(30), unique=True)
    operation: Mapped[str | None] = mapped_column(String(64), unique=True)
    mode: Mapped[OnlineMode] = mapped_column(closed_list(OnlineMode))
    client: Mapped[str] = mapped_column(String(6))  # the NUMCLI that was sent
    email: Mapped[str] = mapped_column(String(254))
    amount_cents: Mapped[int]
    state: Mapped[OnlineState] = mapped_column(closed_list(OnlineState))
    result_code: Mapped[str] = mapped_column(String(20), default="")
    authorisation: Mapped[str] = mapped_column(String(60), default="")
    problem: Mapped[str] = mapped_column(Text, default="")  # why it is to be checked, in French
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    payment_id: Mapped[int | None] = parent_key("payment.id", unique=True, index=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing more to ask
    checks: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OnlinePaymentBill(db.Model):
    """What an attempt means to pay of a bill."""

    __tablename__ = "online_payment_bill"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount"),)

    online_payment_id: Mapped[int] = parent_key("online_payment.id", primary_key=True, index=False)
    invoice_id: Mapped[int] = parent_key("invoice.id", primary_key=True)
    amount_cents: Mapped[int]


class ReminderLevel(db.Model):
    """What is written to a family whose bill is late, in three steps that the service words (R44)."""

    __tablename__ = "reminder_level"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 3", name="level"),)

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[int]  # after the due day; negative: before it
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)


class InvoiceReminder(db.Model):
    """A family was reminded of a bill, once a level."""

    __tablename__ = "invoice_reminder"

    invoice_id: Mapped[int] = parent_key("invoice.id", primary_key=True, index=False)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QuotientWarning(db.Model):
    """A family was told that its quotient is not proven, before the highest price is billed (R41)."""

    __tablename__ = "quotient_warning"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 3", name="number"),)

    household_id: Mapped[int] = parent_key("household.id", primary_key=True, index=False)
    season: Mapped[date] = mapped_column(Date, primary_key=True)  # the first day of the school year
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErasureNotice(db.Model):
    """A family was told that its file will be erased; one for each end of its activity (R54)."""

    __tablename__ = "erasure_notice"

    household_id: Mapped[int] = parent_key("household.id", primary_key=True, index=False)
    last_day: Mapped[date] = mapped_column(Date, primary_key=True)  # of the activity that it was told about
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TreasuryImport(db.Model):
    """A file of confirmations of the Treasury, taken once (R47, S111)."""

    __tablename__ = "treasury_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    author_name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TreasuryImportLine(db.Model):
    """A line of that file, and what it did: `payment_id`, or `reason` when it was rejected."""

    __tablename__ = "treasury_import_line"
    __table_args__ = (UniqueConstraint("import_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = parent_key("treasury_import.id", index=False)
    number: Mapped[int]  # of the line in the file, from 1
    content: Mapped[str] = mapped_column(String(500))
    invoice_id: Mapped[int | None] = parent_key("invoice.id")
    payment_id: Mapped[int | None] = parent_key("payment.id")
    is_accepted: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")


# --- The day --------------------------------------------------------------------------------------


class ProductionStep(db.Model):
    """When a kitchen takes the count of a day's meals: « J-3 », at an hour in Paris (R32)."""

    __tablename__ = "production_step"
    __table_args__ = (
        UniqueConstraint("kitchen_id", "days_before", "minute"),
        CheckConstraint("days_before BETWEEN 0 AND 60", name="days_before"),
        CheckConstraint("minute BETWEEN 0 AND 1439", name="minute"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kitchen_id: Mapped[int] = parent_key("kitchen.id", index=False)
    name: Mapped[str] = mapped_column(String(60))
    days_before: Mapped[int]  # calendar days before the meal; 0: the morning itself
    minute: Mapped[int]  # of the clock in Paris, from midnight
    is_active: Mapped[bool] = mapped_column(default=True)


class MealCount(db.Model):
    """What a kitchen was told for a day at a step; it never changes, later counts show the difference."""

    __tablename__ = "meal_count"
    __table_args__ = (
        UniqueConstraint("step_id", "day"),
        Index("ix_meal_count_kitchen_day", "kitchen_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kitchen_id: Mapped[int] = parent_key("kitchen.id", index=False)
    step_id: Mapped[int] = parent_key("production_step.id", index=False)
    step_name: Mapped[str] = mapped_column(String(60))
    day: Mapped[date] = mapped_column(Date)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MealCountLine(db.Model):
    """So many meals of one diet for a class at an activity; empty words: no class, an ordinary plate."""

    __tablename__ = "meal_count_line"
    __table_args__ = (
        UniqueConstraint("count_id", "activity_id", "class_name", "diet"),
        CheckConstraint("meals > 0", name="meals"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    count_id: Mapped[int] = parent_key("meal_count.id", index=False)
    activity_id: Mapped[int] = parent_key("activity.id")
    class_name: Mapped[str] = mapped_column(String(80), default="")
    diet: Mapped[str] = mapped_column(String(80), default="")
    meals: Mapped[int]


class Staffing(db.Model):
    """How many adults look after an activity, or one of its groups, on a day (R35)."""

    __tablename__ = "staffing"
    __table_args__ = (
        Index(
            "uq_staffing_whole",
            "activity_id",
            "day",
            unique=True,
            sqlite_where=text("group_id IS NULL"),
            postgresql_where=text("group_id IS NULL"),
        ),
        UniqueConstraint("activity_id", "group_id", "day"),
        CheckConstraint("adults >= 0", name="adults"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = parent_key("activity.id", index=False)
    group_id: Mapped[int | None] = parent_key("child_group.id")
    day: Mapped[date] = mapped_column(Date)
    adults: Mapped[int]


class Menu(db.Model):
    """What a kitchen serves on a day (R34)."""

    __tablename__ = "menu"
    __table_args__ = (UniqueConstraint("kitchen_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kitchen_id: Mapped[int] = parent_key("kitchen.id", index=False)
    day: Mapped[date] = mapped_column(Date)


class MenuDish(db.Model):
    """A dish of a menu and the allergens it declares, as the words of `domain.allergens`, by commas."""

    __tablename__ = "menu_dish"
    __table_args__ = (UniqueConstraint("menu_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    menu_id: Mapped[int] = parent_key("menu.id", index=False, ondelete="CASCADE")
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(160))
    allergens: Mapped[str] = mapped_column(String(300), default="")


# --- Messages and news --------------------------------------------------------------------------


class Conversation(db.Model):
    """What a family and the service write to each other on one subject (R52)."""

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_waits", "waits_since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    household_id: Mapped[int] = parent_key("household.id")
    facility_id: Mapped[int | None] = parent_key("facility.id")  # None: the whole service
    subject: Mapped[str] = mapped_column(String(160))
    state: Mapped[ConversationState] = mapped_column(closed_list(ConversationState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    waits_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first message without an answer


class Message(db.Model):
    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = parent_key("conversation.id")
    is_from_family: Mapped[bool]
    author_user_id: Mapped[int] = parent_key("user_account.id", index=False)
    author_name: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(SealedText("message.text"))  # families write of health here
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)


class ConversationReading(db.Model):
    """Up to which message an adult has read. The service reads as one: see `Conversation.waits_since`."""

    __tablename__ = "conversation_reading"

    conversation_id: Mapped[int] = parent_key("conversation.id", primary_key=True, index=False)
    user_id: Mapped[int] = parent_key("user_account.id", primary_key=True)
    message_id: Mapped[int] = parent_key("message.id", index=False)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MessageFile(db.Model):
    """A file joined to a message; the bytes are in the file store, made harmless like documents."""

    __tablename__ = "message_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = parent_key("message.id")
    file_key: Mapped[str] = mapped_column(String(80), unique=True)
    file_name: Mapped[str] = mapped_column(String(160))
    size_bytes: Mapped[int]


class Announcement(db.Model):
    """The same mail to the families of a group or of a day, through the outbox (R52)."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(300))  # in words: « Cantine Bellevue, jeudi 14 janvier »
    is_service: Mapped[bool]  # a closure, a change of hours: sent to those who refuse announcements too
    recipients: Mapped[int]  # households that a mail was written to
    author_name: Mapped[str] = mapped_column(String(160))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submission_key: Mapped[str] = mapped_column(String(40), unique=True)


class News(db.Model):
    """What the service tells families on the portal between two days, both included."""

    __tablename__ = "news"
    __table_args__ = (CheckConstraint("first_day <= last_day", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    is_active: Mapped[bool] = mapped_column(default=True)


class MailText(db.Model):
    """The town's own words around a mail of the portal; an empty one leaves the portal's (S113)."""

    __tablename__ = "mail_text"

    kind: Mapped[MailKind] = mapped_column(closed_list(MailKind), primary_key=True)
    subject: Mapped[str] = mapped_column(String(160), default="")
    opening: Mapped[str] = mapped_column(Text, default="")
    closing: Mapped[str] = mapped_column(Text, default="")


# --- Mails and traces ---------------------------------------------------------------------------


class OutgoingMail(db.Model):
    """The outbox: written with the act it announces, sent after (S07, S118).

    Ordinary mails are kept as they were written. Mails that carry a secret have no body here: it is
    made when the mail leaves (`services.outbox`), so a secret never rests in the database.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index("ix_outgoing_mail_due", "state", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MailKind] = mapped_column(closed_list(MailKind))
    state: Mapped[MailState] = mapped_column(closed_list(MailState), default=MailState.QUEUED)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    to_address: Mapped[str] = mapped_column(String(254))
    user_id: Mapped[int | None] = parent_key("user_account.id")
    household_id: Mapped[int | None] = parent_key("household.id")
    announcement_id: Mapped[int | None] = parent_key("announcement.id")
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(String(300), default="")


class AuditEvent(db.Model):
    """Who did what, when, through which channel, before and after. Rows are only ever added (S115)."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_user_id: Mapped[int | None] = parent_key("user_account.id")
    channel: Mapped[Channel] = mapped_column(closed_list(Channel))
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int]
    household_id: Mapped[int | None] = parent_key("household.id")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class AuditSeal(db.Model):
    """The link of one event in the chain of the journal: who rewrites an event, takes one away or adds one
    afterwards breaks what follows (S115). Made by the worker, in the order of their numbers here.

    `content_hash` covers what the event holds of a person, salted: the salt goes with an erased content, and
    the chain still holds (R54).
    """

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = parent_key("audit_event.id", unique=True, index=False)
    salt: Mapped[str | None] = mapped_column(String(32))
    content_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(BookingEvent.__table__)
append_only(AuditEvent.__table__)
append_only(MealCount.__table__)
append_only(MealCountLine.__table__)
# The salt alone may go, with the content of the event (R54).
guard(
    AuditSeal.__table__,
    "audit_seal_frozen",
    "UPDATE",
    f"(NEW.salt IS NOT NULL OR {changes('id', 'event_id', 'content_hash', 'chain_hash', 'sealed_at')})",
    "audit_seal is append-only",
)
guard(AuditSeal.__table__, "audit_seal_kept", "DELETE", "(OLD.id > 0)", "audit_seal is append-only")

# Guards of money leave `household_id` and `child_id` alone: two files that become one move them (R03).
_LINES_TOTAL = "(SELECT coalesce(sum(amount_cents), 0) FROM invoice_line WHERE invoice_id = NEW.id)"
_FROZEN = changes(
    "regie_id", "run_id", "kind", "corrects_id", "month", "year", "number", "reference", "recipient_name",
    "recipient_address", "issue_day", "due_day", "total_cents", "created_at",
)  # fmt: skip
_FROZEN_LINE = changes(
    "invoice_id", "position", "kind", "activity_id", "booking_id", "day", "label", "amount_cents",
    "rulebook_version_id", "quotient_hundredths", "carried_from_id", "corrects_line_id",
)  # fmt: skip
_INVOICE, _LINE = Invoice.__table__, InvoiceLine.__table__
guard(_INVOICE, "invoice_state", "UPDATE", forbidden_step(INVOICE_TRANSITIONS), "invoice: forbidden state")
guard(
    _INVOICE,
    "invoice_total",
    "UPDATE",
    f"(OLD.state = 'draft' AND NEW.state <> 'draft' AND NEW.total_cents <> {_LINES_TOTAL})",
    "invoice: the total is not that of its lines",
)
guard(
    _INVOICE,
    "invoice_frozen",
    "UPDATE",
    f"(OLD.state <> 'draft' AND {_FROZEN})",
    "invoice is issued",
    is_erasable=True,
)
guard(_INVOICE, "invoice_kept", "DELETE", "(OLD.state <> 'draft')", "invoice is issued")
guard(
    _LINE,
    "invoice_line_no_insert",
    "INSERT",
    "((SELECT state FROM invoice WHERE id = NEW.invoice_id) <> 'draft')",
    "invoice is issued",
)
_OF_AN_ISSUED_ONE = "((SELECT state FROM invoice WHERE id = OLD.invoice_id) <> 'draft')"
guard(
    _LINE,
    "invoice_line_no_update",
    "UPDATE",
    f"({_OF_AN_ISSUED_ONE} AND ({_FROZEN_LINE} "
    "OR CAST(OLD.explanation AS TEXT) IS DISTINCT FROM CAST(NEW.explanation AS TEXT)))",
    "invoice is issued",
    is_erasable=True,
)
guard(_LINE, "invoice_line_no_delete", "DELETE", _OF_AN_ISSUED_ONE, "invoice is issued")

_PAYMENT = Payment.__table__
guard(_PAYMENT, "payment_state", "UPDATE", forbidden_step(PAYMENT_TRANSITIONS), "payment: forbidden state")
guard(
    _PAYMENT,
    "payment_frozen",
    "UPDATE",
    changes(
        "regie_id", "method", "amount_cents", "received_on", "reference", "submission_key", "author_name",
        "created_at",
    ),
    "payment is received",
    is_erasable=True,
)  # fmt: skip
guard(
    _PAYMENT,
    "payment_locked",
    "UPDATE",
    "(OLD.deposit_slip_id IS NOT NULL AND "
    f"({changes('deposit_slip_id')} OR (NEW.state = 'cancelled' AND OLD.state <> 'cancelled')))",
    "payment is deposited",
)
guard(_PAYMENT, "payment_kept", "DELETE", "(OLD.id > 0)", "payment is received")
append_only(DepositSlip.__table__)
_REFUND = Refund.__table__
guard(
    _REFUND,
    "refund_frozen",
    "UPDATE",
    "(OLD.cancelled_at IS NOT NULL OR "
    + changes(
        "payment_id", "amount_cents", "method", "refunded_on", "reason", "reference", "submission_key",
        "author_name", "created_at",
    )
    + ")",
    "refund is made",
    is_erasable=True,
)  # fmt: skip
guard(_REFUND, "refund_kept", "DELETE", "(OLD.id > 0)", "refund is made")
guard(
    OnlinePayment.__table__,
    "online_payment_state",
    "UPDATE",
    forbidden_step(ONLINE_TRANSITIONS),
    "online payment: forbidden state",
)
guard(
    OnlinePayment.__table__,
    "online_payment_frozen",
    "UPDATE",
    changes("key", "regie_id", "refdet", "mode", "client", "amount_cents", "created_at"),
    "online payment is asked",
)

_MANDATE = Mandate.__table__
guard(_MANDATE, "mandate_state", "UPDATE", forbidden_step(MANDATE_TRANSITIONS), "mandate: forbidden state")
guard(
    _MANDATE,
    "mandate_frozen",
    "UPDATE",
    changes(
        "reference", "regie_id", "holder_name", "iban_end", "creditor_identifier", "creditor_name",
        "signed_on", "channel", "submission_key", "author_name", "created_at",
    ),
    "mandate is signed",
    is_erasable=True,
)  # fmt: skip
guard(_MANDATE, "mandate_kept", "DELETE", "(OLD.id > 0)", "mandate is signed")
_BATCH, _DEBIT = DebitBatch.__table__, Debit.__table__
guard(
    _BATCH, "debit_batch_state", "UPDATE", forbidden_step(BATCH_TRANSITIONS), "debit batch: forbidden state"
)
guard(
    _BATCH,
    "debit_batch_frozen",
    "UPDATE",
    "(OLD.number IS NOT NULL AND "
    + changes(
        "regie_id", "year", "number", "collection_day", "total_cents", "creditor_identifier", "creditor_name",
        "iban", "bic", "prepared_at", "submission_key", "author_name", "created_at",
    )
    + ")",
    "debit batch is prepared",
)  # fmt: skip
_PLANNED_TOTAL = (
    "(SELECT coalesce(sum(amount_cents), 0) FROM debit WHERE batch_id = NEW.id AND state = 'planned')"
)
guard(
    _BATCH,
    "debit_batch_total",
    "UPDATE",
    f"(OLD.number IS NULL AND NEW.number IS NOT NULL AND NEW.total_cents <> {_PLANNED_TOTAL})",
    "debit batch: the total is not that of its debits",
)
guard(_BATCH, "debit_batch_kept", "DELETE", "(OLD.id > 0)", "debit batch is kept")
guard(_DEBIT, "debit_state", "UPDATE", forbidden_step(DEBIT_TRANSITIONS), "debit: forbidden state")
guard(
    _DEBIT,
    "debit_frozen",
    "UPDATE",
    changes("batch_id", "invoice_id", "mandate_id", "amount_cents", "sequence", "end_to_end"),
    "debit is planned",
)
guard(
    _DEBIT,
    "debit_no_insert",
    "INSERT",
    "((SELECT state FROM debit_batch WHERE id = NEW.batch_id) <> 'draft')",
    "debit batch is prepared",
)
guard(_DEBIT, "debit_kept", "DELETE", "(OLD.id > 0)", "debit is planned")
