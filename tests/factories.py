"""Builders: each test makes its own small world with them and overrides only what it is about.

Every method writes for real, in its own transaction, and returns detached rows (plain attributes,
no lazy loading).
"""

import itertools
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from flask import Flask
from sqlalchemy import Select, delete, select

from domain.calendar import midday
from domain.enums import (
    AccountKind,
    AccountStatus,
    ActivityKind,
    AttendanceMark,
    BatchState,
    BookingState,
    ChangeState,
    Channel,
    ConversationState,
    CustodySplit,
    DebitSequence,
    DebitState,
    DisputeState,
    DocumentState,
    EnrolmentState,
    FacilityKind,
    FileSection,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    MandateState,
    OfflineState,
    OnlineMode,
    OnlineState,
    PaymentMethod,
    PaymentState,
    Residency,
    RunState,
    StaffRole,
    SubjectKind,
    ValidationMode,
)
from domain.family_file import CONTROL_TIME
from domain.people import fold
from domain.references import REFERENCE_BYTES, make_reference
from domain.rulebook.rule_names import rule_name
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import (
    Activity,
    Announcement,
    Attendance,
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    BillingRun,
    Booking,
    BookingPeriod,
    ChangeLine,
    ChangeRequest,
    Child,
    ChildGroup,
    Closure,
    Conversation,
    CustodyCalendar,
    Debit,
    DebitBatch,
    DepositSlip,
    Document,
    DocumentCategory,
    DocumentPage,
    Enrolment,
    EnrolmentRequest,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Invoice,
    InvoiceLine,
    InvoiceSequence,
    Kitchen,
    LineDispute,
    Mandate,
    MedicalRecord,
    Message,
    MessageFile,
    News,
    OfflineMark,
    OnlinePayment,
    OnlinePaymentBill,
    Opening,
    Payment,
    PresenceType,
    ProductionStep,
    PublicHoliday,
    QuotientFamilial,
    Refund,
    Regie,
    RulebookVersion,
    RuleFact,
    SchoolHoliday,
    SecondFactor,
    Setting,
    StaffFacility,
    StaffMember,
    TreasuryImport,
    TreasuryImportLine,
    User,
)
from services import document_store
from services.transaction import write_transaction
from tests import rulebook_texts as written

Row = TypeVar("Row")
PASSWORD = "correct cheval agrafe pile"


class World:
    """The database of one test."""

    def __init__(self, app: Flask) -> None:
        self.rulebook = written.empty()
        self.app = app
        self._numbers = itertools.count(1)

    @property
    def now(self) -> datetime:
        return self.app.config["CLOCK"].now()

    def add(self, *rows: Row) -> Row:
        """Write rows and return the first, detached."""
        with self.app.app_context(), write_transaction() as session:
            session.add_all(rows)
            session.flush()
            session.expunge_all()
        return rows[0]

    def all(self, query: Select | type) -> list[Any]:
        """Every row of a table or of a query, read afresh."""
        statement = query if isinstance(query, Select) else select(query)
        with self.app.app_context():
            rows = db.session.scalars(statement).all()
            db.session.expunge_all()
        return list(rows)

    def one(self, query: Select | type) -> Any:
        (row,) = self.all(query)
        return row

    # People

    def user(self, email: str | None = None, **columns: Any) -> User:
        """An active account; `columns` may close, suspend or invite it. No password unless given."""
        number = next(self._numbers)
        values = {
            "kind": AccountKind.FAMILY,
            "status": AccountStatus.ACTIVE,
            "email": email or f"parent{number}@example.org",
            "email_verified_at": self.now,
            "created_at": self.now,
        }
        return self.add(User(**values | columns))

    def household(self, name: str = "SOLIGNAC", **columns: Any) -> Household:
        number = next(self._numbers)
        values = {
            "number": 2000 + number,
            "residency": Residency.RESIDENT,
            "address": "12 rue Nationale",
            "postcode": "46000",
            "city": "Cahors",
            "created_at": self.now,
        }
        return self.add(Household(name=name, **values | columns))

    def guardian(self, household: Household, first_name: str = "Claire", **columns: Any) -> Guardian:
        """An adult of the household, without access unless `user_id` is given."""
        guardian = self.add(Guardian(first_name=first_name, **{"last_name": household.name} | columns))
        self.add(HouseholdGuardian(household_id=household.id, guardian_id=guardian.id))
        return guardian

    def parent(self, household: Household, first_name: str = "Claire", **user: Any) -> User:
        """An adult of the household with an active access."""
        account = self.user(**user)
        self.guardian(household, first_name, user_id=account.id, email=account.email)
        return account

    def child(self, household: Household, first_name: str = "Léo", **columns: Any) -> Child:
        values = {"last_name": household.name, "birth_date": date(2019, 5, 4)}
        child = self.add(Child(first_name=first_name, **values | columns))
        self.add(HouseholdChild(household_id=household.id, child_id=child.id))
        return child

    def join(self, household: Household, guardian: Guardian, **columns: Any) -> HouseholdGuardian:
        """The same adult in one more household."""
        return self.add(HouseholdGuardian(household_id=household.id, guardian_id=guardian.id, **columns))

    def share(self, child: Child, household: Household, **columns: Any) -> HouseholdChild:
        """The same child in one more household."""
        return self.add(HouseholdChild(household_id=household.id, child_id=child.id, **columns))

    def custody(
        self,
        child: Child,
        even: Household,
        odd: Household,
        valid_from: date = date(2026, 9, 1),
        **columns: Any,
    ) -> CustodyCalendar:
        """The child changes house on Mondays; the weeks go on in holidays unless told otherwise."""
        values = {
            "handover_weekday": 0,
            "holiday_split": CustodySplit.WEEKS,
            "summer_split": CustodySplit.WEEKS,
        }
        return self.add(
            CustodyCalendar(
                child_id=child.id,
                valid_from=valid_from,
                even_household_id=even.id,
                odd_household_id=odd.id,
                **values | columns,
            )
        )

    def quotient(self, household: Household, value: int, **columns: Any) -> QuotientFamilial:
        """`value` in whole euros of quotient."""
        values = {
            "valid_from": date(2026, 1, 1),
            "valid_to": None,
            "source": "attestation",
            "created_at": self.now,
        }
        return self.add(
            QuotientFamilial(household_id=household.id, value_hundredths=value * 100, **values | columns)
        )

    def staff(
        self,
        role: StaffRole = StaffRole.ADMINISTRATOR,
        facilities: Iterable[Facility] = (),
        can_read_medical: bool = False,
        has_factor: bool = False,
        first_name: str = "Agnès",
        **user: Any,
    ) -> User:
        """An agent; a session that the bench opens is full, as behind a second factor."""
        number = next(self._numbers)
        account = self.user(**{"kind": AccountKind.STAFF, "email": f"agent{number}@example.org"} | user)
        member = self.add(
            StaffMember(
                user_id=account.id,
                first_name=first_name,
                last_name="MARTIN",
                role=role,
                can_read_medical=can_read_medical,
            )
        )
        for facility in facilities:
            self.add(StaffFacility(staff_id=member.id, facility_id=facility.id))
        if has_factor:
            secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
            self.add(SecondFactor(user_id=account.id, secret=secret, last_step=0, confirmed_at=self.now))
        return account

    def document(
        self, household: Household, category: DocumentCategory, child: Child | None = None, **columns: Any
    ) -> Document:
        """A paper of the category, seen at the counter on 3 September 2026 unless told otherwise."""
        seen_at = midday(date(2026, 9, 3))
        values = {
            "child_id": child.id if child else None,
            "state": DocumentState.ACCEPTED,
            "sender_name": "Le service",
            "channel": Channel.COUNTER,
            "submitted_at": seen_at,
            "due_at": seen_at,
        }
        return self.add(Document(category_id=category.id, household_id=household.id, **values | columns))

    def sent_document(
        self,
        household: Household,
        category: DocumentCategory,
        *,
        child: Child | None = None,
        hours_ago: int = 1,
        pages: int = 2,
        **columns: Any,
    ) -> Document:
        """A document that waits, with its sealed file and a picture for each page, thumbnail first."""
        sent = self.now - timedelta(hours=hours_ago)
        with self.app.app_context():
            pictures = (b"\xff\xd8%d" % number for number in range(pages + 1))
            keys = document_store.save_all([b"%PDF-1.7", *pictures])
        values = {
            "state": DocumentState.SUBMITTED,
            "sender_name": f"Claire {household.name}",
            "channel": Channel.PORTAL,
            "submitted_at": sent,
            "due_at": sent + CONTROL_TIME,
            "file_key": keys[0],
            "file_name": "document.pdf",
            "page_count": pages,
        }
        document = self.add(
            Document(
                category_id=category.id,
                household_id=household.id,
                child_id=child.id if child else None,
                **values | columns,
            )
        )
        self.add(
            *(
                DocumentPage(document_id=document.id, number=number, file_key=key)
                for number, key in enumerate(keys[1:])
            )
        )
        return document

    # The file of a child

    def health(self, child: Child, **values: str) -> MedicalRecord:
        """What is officially known of a child's health, by the names of the medical fields."""
        content = json.dumps(values, ensure_ascii=False, sort_keys=True)
        return self.add(MedicalRecord(child_id=child.id, content=content, updated_at=self.now))

    def pick_up(self, child: Child, first_name: str = "Nadia", **columns: Any) -> AuthorisedPerson:
        """Somebody who may fetch the child."""
        values = {"last_name": "BENALI", "relationship": "grand-mère", "phone": "06 12 34 56 78"}
        return self.add(AuthorisedPerson(child_id=child.id, first_name=first_name, **values | columns))

    def question(self, name: str = "Peut partir seul", **columns: Any) -> AuthorisationType:
        """A yes-or-no question put to the parents of each child."""
        return self.add(AuthorisationType(name=name, **columns))

    def answer(
        self, child: Child, question: AuthorisationType, *, is_allowed: bool, **columns: Any
    ) -> Authorisation:
        """The answer in force to such a question."""
        values = {"author_name": "Claire SOLIGNAC", "given_at": self.now}
        return self.add(
            Authorisation(child_id=child.id, type_id=question.id, is_allowed=is_allowed, **values | columns)
        )

    def change(
        self,
        household: Household,
        author: User,
        section: FileSection,
        lines: Mapping[str, tuple[str | None, str | None]],
        *,
        child: Child | None = None,
        guardian: Guardian | None = None,
        person: AuthorisedPerson | None = None,
        hours_ago: int = 1,
        **line: Any,
    ) -> ChangeRequest:
        """A declared change that waits; `lines` gives (seen, wanted) by field."""
        sent = self.now - timedelta(hours=hours_ago)
        request = self.add(
            ChangeRequest(
                reference=make_reference(secrets.token_bytes(REFERENCE_BYTES)),
                household_id=household.id,
                child_id=child.id if child else None,
                guardian_id=guardian.id if guardian else None,
                section=section,
                author_user_id=author.id,
                author_name=f"Claire {household.name}",
                channel=Channel.PORTAL,
                submission_key=secrets.token_hex(16),
                created_at=sent,
                due_at=sent + CONTROL_TIME,
            )
        )
        subjects = (
            (SubjectKind.PERSON, person),
            (SubjectKind.CHILD, child),
            (SubjectKind.GUARDIAN, guardian),
            (SubjectKind.HOUSEHOLD, household),
        )
        kind, subject = next(one for one in subjects if one[1] is not None)
        values = {"state": ChangeState.PENDING, "subject_kind": kind, "subject_id": subject.id} | line
        self.add(
            *(
                ChangeLine(request_id=request.id, field=field, seen_value=seen, wanted_value=wanted, **values)
                for field, (seen, wanted) in lines.items()
            )
        )
        return request

    # Facilities

    def facility(self, name: str = "Écoles de Cahors", **columns: Any) -> Facility:
        values = {
            "kind": FacilityKind.SCHOOL,
            "validation_mode": ValidationMode.AUTOMATIC,
            "phone": "05 65 11 22 33",
        }
        return self.add(Facility(name=name, **values | columns))

    def activity(
        self,
        facility: Facility,
        name: str = "Cantine",
        kind: ActivityKind = ActivityKind.MEAL,
        book: dict = written.EVENING_BEFORE,
        cancel: dict = written.EVENING_BEFORE,
        **columns: Any,
    ) -> Activity:
        """An activity with its two ladders (free until the day before, 18 h, unless given)."""
        taken = {one.rule_name for one in self.all(Activity)}
        values = {"rule_name": rule_name(name, taken)} | columns
        activity = self.add(Activity(facility_id=facility.id, name=name, kind=kind, **values))
        limits = [written.ladder("reserver", book), written.ladder("annuler", cancel)]
        self.rulebook["activites"][activity.rule_name] = written.activity(name, limits)
        self.write_rulebook()
        return activity

    def presence_type(
        self,
        activity: Activity,
        name: str = "Repas enfant",
        cents: int = 320,
        price: Any = None,
        **columns: Any,
    ) -> PresenceType:
        """A presence type at one price for everybody, unless a price of the règlement is given."""
        values = {"short_name": name.split()[0], "rule_name": rule_name(name)}
        presence_type = self.add(PresenceType(activity_id=activity.id, name=name, **values | columns))
        written.add_price(self.rulebook, activity.rule_name, presence_type.rule_name, price or euros(cents))
        self.write_rulebook()
        return presence_type

    def write_rulebook(self, valid_from: date = date(2025, 9, 1)) -> RulebookVersion:
        """Put `self.rulebook`, edited as the test likes, in force from a day."""
        columns = written.columns(self.rulebook) | {"updated_at": self.now, "valid_to": None}
        rows = sorted(self.all(RulebookVersion), key=lambda row: row.valid_from or date.max)
        with self.app.app_context(), write_transaction() as session:
            session.execute(delete(RulebookVersion).where(RulebookVersion.valid_from >= valid_from))
            for former in rows:
                if former.valid_from is not None and former.valid_from < valid_from:
                    session.get(RulebookVersion, former.id).valid_to = valid_from - timedelta(days=1)
            row = RulebookVersion(valid_from=valid_from, **columns)
            session.add(row)
            session.flush()
            session.expunge(row)
        return row

    def limits(
        self, activity: Activity, action: str, stages: dict, valid_from: date = date(2025, 9, 1)
    ) -> None:
        """Other limits for « reserver » or « annuler », from a day."""
        rules = self.rulebook["activites"][activity.rule_name]
        others = [ladder for ladder in rules["delais"] if ladder["actions"] != [action]]
        rules["delais"] = [written.ladder(action, stages), *others]
        self.write_rulebook(valid_from)

    def rule_fact(self, household: Household, name: str, value: str, **columns: Any) -> RuleFact:
        """A fact of the règlement that the service states of a family (or of one child)."""
        values = {"valid_from": date(2025, 9, 1)} | columns
        return self.add(RuleFact(household_id=household.id, name=name, value=value, **values))

    def period(self, facility: Facility, first: date, last: date, **columns: Any) -> BookingPeriod:
        values = {"name": "Année scolaire", "opens_at": datetime(2026, 6, 1, tzinfo=UTC), "closes_at": None}
        return self.add(
            BookingPeriod(facility_id=facility.id, first_day=first, last_day=last, **values | columns)
        )

    def group(self, facility: Facility, name: str = "Les 3-5 ans", **columns: Any) -> ChildGroup:
        return self.add(ChildGroup(facility_id=facility.id, name=name, **columns))

    def openings(
        self,
        activity: Activity,
        period: BookingPeriod,
        days: Iterable[date],
        capacity: int | None = None,
        **columns: Any,
    ) -> list[Opening]:
        rows = [
            Opening(activity_id=activity.id, period_id=period.id, day=day, capacity=capacity, **columns)
            for day in days
        ]
        self.add(*rows)
        return rows

    def enrol(self, child: Child, facility: Facility, **columns: Any) -> Enrolment:
        values = {"first_day": date(2026, 9, 1), "last_day": date(2027, 8, 31)}
        return self.add(Enrolment(child_id=child.id, facility_id=facility.id, **values | columns))

    def enrolment_request(
        self, household: Household, author: User, child: Child, activity: Activity, **columns: Any
    ) -> EnrolmentRequest:
        """A request of a family that waits for the service."""
        number = next(self._numbers)
        values = {
            "reference": f"R-{number:04d}-ENRO",
            "first_day": date(2027, 1, 15),
            "last_day": date(2027, 8, 31),
            "state": EnrolmentState.PENDING,
            "author_name": f"Claire {household.name}",
            "channel": Channel.PORTAL,
            "submission_key": f"enrolment-{number}",
            "created_at": self.now,
            "due_at": self.now + timedelta(hours=48),
        }
        return self.add(
            EnrolmentRequest(
                household_id=household.id,
                child_id=child.id,
                activity_id=activity.id,
                author_user_id=author.id,
                **values | columns,
            )
        )

    def canteen(self, days: Iterable[date], capacity: int | None = None, **facility: Any) -> "Canteen":
        """A school with a canteen open on `days`: the usual start of a booking test."""
        days = list(days)
        place = self.facility(**facility)
        activity = self.activity(place)
        period = self.period(place, days[0], days[-1])
        return Canteen(
            place,
            activity,
            self.presence_type(activity),
            period,
            self.openings(activity, period, days, capacity),
        )

    def booking(
        self,
        household: Household,
        child: Child,
        opening: Opening,
        presence_type: PresenceType,
        state: BookingState = BookingState.ACCEPTED,
        **columns: Any,
    ) -> Booking:
        """A booking in `state`, with the counters of its day in step; an offer lives until tomorrow."""
        if state is BookingState.OFFERED:
            columns.setdefault("offer_expires_at", self.now + timedelta(days=1))
        with self.app.app_context(), write_transaction() as session:
            row = session.get_one(Opening, opening.id)
            row.booked += state in PLACE_HOLDING_STATES
            row.waiting += state is BookingState.WAITING
        return self.add(
            Booking(
                household_id=household.id,
                child_id=child.id,
                opening_id=opening.id,
                activity_id=opening.activity_id,
                presence_type_id=presence_type.id,
                day=opening.day,
                state=state,
                **{"price_cents": 320, "created_at": self.now, "updated_at": self.now} | columns,
            )
        )

    def closure(self, facility: Facility, first: date, last: date | None = None, **columns: Any) -> Closure:
        """A closure as a row, without the bookings that it would have cancelled."""
        author = self.staff()
        values = {
            "last_day": last or first,
            "reason": "Grève du personnel",
            "author_user_id": author.id,
            "author_name": "Agnès MARTIN",
            "created_at": self.now,
        }
        return self.add(Closure(facility_id=facility.id, first_day=first, **values | columns))

    # Presences and money

    def regie(self, name: str = "Régie périscolaire", *activities: Activity, **columns: Any) -> Regie:
        """A régie that bills these activities; its code comes from its name."""
        code = "".join(word[0] for word in fold(name).upper().split())
        regie = self.add(Regie(name=name, **{"code": code} | columns))
        with self.app.app_context(), write_transaction() as session:
            for activity in activities:
                session.get_one(Activity, activity.id).regie_id = regie.id
        return regie

    def billing_run(self, regie: Regie, month: date, **columns: Any) -> BillingRun:
        """The draft of a month, without bills."""
        values = {"state": RunState.DRAFT, "author_name": "Agnès MARTIN", "drafted_at": self.now}
        return self.add(BillingRun(regie_id=regie.id, month=month, **values | columns))

    def offline_mark(self, child: Child, opening: Opening, **columns: Any) -> OfflineMark:
        """A mark that a phone made without a network and could not be kept, unless `columns` say more."""
        values = {
            "key": str(uuid4()),
            "device": str(uuid4()),
            "wanted": AttendanceMark.ABSENT,
            "phone_at": self.now,
            "made_at": self.now,
            "is_clock_sure": True,
            "received_at": self.now,
            "author_user_id": columns.pop("author_user_id", None) or self.staff().id,
            "author_name": "Agnès MARTIN",
            "state": OfflineState.REFUSED,
            "reason": "Cet enfant n’est plus attendu ce jour-là.",
        }
        return self.add(OfflineMark(child_id=child.id, opening_id=opening.id, **values | columns))

    def attendance(
        self, booking: Booking, mark: AttendanceMark = AttendanceMark.PRESENT, **columns: Any
    ) -> Attendance:
        """The mark of a booked day, as an agent of the facility left it."""
        values = {
            "author_user_id": columns.pop("author_user_id", None) or self.staff().id,
            "author_name": "Agnès MARTIN",
            "marked_at": self.now,
            "booking_id": booking.id,
        }
        return self.add(
            Attendance(
                child_id=booking.child_id,
                household_id=booking.household_id,
                opening_id=booking.opening_id,
                activity_id=booking.activity_id,
                day=booking.day,
                presence_type_id=booking.presence_type_id,
                mark=mark,
                **values | columns,
            )
        )

    def presence(
        self,
        opening: Opening,
        household: Household,
        child: Child,
        presence_type: PresenceType,
        booking: Booking | None = None,
        **columns: Any,
    ) -> Attendance:
        """A child who was there, booked or not, as an agent of the facility left it."""
        values = {
            "author_user_id": columns.pop("author_user_id", None) or self.staff().id,
            "booking_id": booking.id if booking else None,
            "mark": AttendanceMark.PRESENT,
            "author_name": "Agnès MARTIN",
            "marked_at": self.now,
        }
        places = {"opening_id": opening.id, "activity_id": opening.activity_id, "day": opening.day}
        who = {"child_id": child.id, "household_id": household.id, "presence_type_id": presence_type.id}
        return self.add(Attendance(**who, **places, **values | columns))

    def payment(self, regie: Regie, household: Household, cents: int, **columns: Any) -> Payment:
        """Money received today that pays no bill yet."""
        values = {
            "method": PaymentMethod.CHEQUE,
            "state": PaymentState.VALID,
            "received_on": self.now.date(),
            "submission_key": secrets.token_hex(8),
            "author_name": "Agnès MARTIN",
            "created_at": self.now,
        }
        return self.add(
            Payment(regie_id=regie.id, household_id=household.id, amount_cents=cents, **values | columns)
        )

    def deposit_slip(self, regie: Regie, *payments: Payment, **columns: Any) -> DepositSlip:
        """A slip of today that holds these payments, the first of the régie."""
        values = {
            "year": self.now.year,
            "number": 1,
            "method": payments[0].method,
            "total_cents": sum(payment.amount_cents for payment in payments),
            "deposited_on": self.now.date(),
            "submission_key": secrets.token_hex(8),
            "author_name": "Agnès MARTIN",
            "created_at": self.now,
        }
        slip = self.add(DepositSlip(regie_id=regie.id, **values | columns))
        with self.app.app_context(), write_transaction() as session:
            for payment in payments:
                session.get_one(Payment, payment.id).deposit_slip_id = slip.id
        return slip

    def debit_regie(self, name: str = "Régie périscolaire", **columns: Any) -> Regie:
        """A régie that collects by direct debit."""
        values = {
            "creditor_identifier": "FR72ZZZ123456",
            "creditor_name": "Régie périscolaire de Cahors",
            "iban": "FR7630001007941234567890185",
        }
        return self.regie(name, **values | columns)

    def mandate(
        self, regie: Regie, household: Household, guardian: Guardian | None = None, **columns: Any
    ) -> Mandate:
        """A mandate in service, signed a month ago on paper."""
        iban = columns.pop("iban", "FR7630006000011234567890189")
        values = {
            "reference": f"R-{secrets.token_hex(4).upper()}",
            "holder_name": "Claire SOLIGNAC",
            "iban_end": iban[-4:],
            "creditor_identifier": regie.creditor_identifier,
            "creditor_name": regie.creditor_name,
            "signed_on": self.now.date() - timedelta(days=30),
            "channel": Channel.PAPER,
            "state": MandateState.ACTIVE,
            "accepted_at": self.now,
            "submission_key": secrets.token_hex(8),
            "author_name": "Agnès MARTIN",
            "created_at": self.now,
        }
        signs = guardian or self.guardian(household)
        return self.add(
            Mandate(
                regie_id=regie.id,
                household_id=household.id,
                guardian_id=signs.id,
                iban=iban,
                **values | columns,
            )
        )

    def debit(self, mandate: Mandate, bill: Invoice, day: date, number: int = 1) -> Debit:
        """A debit of what is left of a bill, in a batch whose file was taken."""
        regie = self.one(select(Regie).where(Regie.id == mandate.regie_id))
        batch = self.add(
            DebitBatch(
                regie_id=regie.id,
                collection_day=day,
                state=BatchState.DRAFT,
                total_cents=0,
                creditor_identifier=regie.creditor_identifier,
                creditor_name=regie.creditor_name,
                iban=regie.iban,
                submission_key=secrets.token_hex(8),
                author_name="Agnès MARTIN",
                created_at=self.now,
            )
        )
        debit = self.add(
            Debit(
                batch_id=batch.id,
                invoice_id=bill.id,
                mandate_id=mandate.id,
                amount_cents=bill.total_cents - bill.credited_cents - bill.settled_cents,
                sequence=DebitSequence.FIRST,
                end_to_end=f"{bill.reference}-{batch.id}",
                state=DebitState.PLANNED,
            )
        )
        with self.app.app_context(), write_transaction() as session:
            row = session.get_one(DebitBatch, batch.id)
            row.total_cents, row.year, row.number = debit.amount_cents, self.now.year, number
            row.prepared_at, row.state = self.now, BatchState.PREPARED
            session.get_one(Invoice, bill.id).debit_day = day
        return debit

    def refund(self, payment: Payment, cents: int, **columns: Any) -> Refund:
        """A part of a payment, given back today by transfer."""
        values = {
            "method": PaymentMethod.TRANSFER,
            "refunded_on": self.now.date(),
            "reason": "Départ de la commune",
            "submission_key": secrets.token_hex(8),
            "author_name": "Agnès MARTIN",
            "created_at": self.now,
        }
        with self.app.app_context(), write_transaction() as session:
            session.get_one(Payment, payment.id).refunded_cents += cents
        return self.add(Refund(payment_id=payment.id, amount_cents=cents, **values | columns))

    def treasury_import(
        self, *lines: str, reason: str = "Aucune facture n’a cette référence."
    ) -> TreasuryImport:
        """A file of the Treasury whose lines were all rejected; without a `reason` they wait."""
        made = self.add(
            TreasuryImport(
                file_name="confirmations.csv",
                fingerprint=secrets.token_hex(32),
                author_name="Agnès MARTIN",
                created_at=self.now,
            )
        )
        for number, content in enumerate(lines, 2):
            self.add(
                TreasuryImportLine(
                    import_id=made.id, number=number, content=content, is_accepted=False, reason=reason
                )
            )
        return made

    def online_payment(
        self, bill: Invoice, user: User, state: OnlineState = OnlineState.PENDING, **columns: Any
    ) -> OnlinePayment:
        """An attempt to pay a bill online, whose state the bill does not tell yet."""
        key = secrets.token_hex(16)
        values = {
            "key": key,
            "refdet": f"REF{key[:20].upper()}",
            "operation": secrets.token_hex(16),
            "mode": OnlineMode.TEST,
            "client": "012345",
            "email": user.email,
            "problem": "Le montant ne correspond pas." if state is OnlineState.TO_CHECK else "",
            "created_at": self.now,
        }
        attempt = self.add(
            OnlinePayment(
                regie_id=bill.regie_id,
                household_id=bill.household_id,
                user_id=user.id,
                amount_cents=bill.total_cents,
                state=state,
                **values | columns,
            )
        )
        self.add(
            OnlinePaymentBill(online_payment_id=attempt.id, invoice_id=bill.id, amount_cents=bill.total_cents)
        )
        return attempt

    def invoice(
        self,
        regie: Regie,
        household: Household,
        month: date,
        lines: Iterable[dict[str, Any]],
        state: InvoiceState = InvoiceState.UNSETTLED,
        **columns: Any,
    ) -> Invoice:
        """A bill of `lines` (their columns; `label` and `amount_cents` at least), issued today unless its
        `state` is a draft."""
        lines = list(lines)
        total = sum(line["amount_cents"] for line in lines)
        values: dict[str, Any] = {
            "kind": InvoiceKind.INVOICE,
            "recipient_name": f"Famille {household.name}",
            "recipient_address": household.address,
            "created_at": self.now,
            "total_cents": total,
        }
        issued: dict[str, Any] = {"state": state}
        with self.app.app_context(), write_transaction() as session:
            bill = Invoice(
                regie_id=regie.id,
                household_id=household.id,
                month=month,
                state=InvoiceState.DRAFT,
                **values | columns,
            )
            session.add(bill)
            session.flush()
            session.add_all(
                InvoiceLine(
                    invoice_id=bill.id, position=position, **{"kind": InvoiceLineKind.PRESENCE} | line
                )
                for position, line in enumerate(lines, 1)
            )
            session.flush()
            if state not in (InvoiceState.DRAFT, InvoiceState.CARRIED):
                today = self.now.date()
                sequence = session.get(InvoiceSequence, (regie.id, today.year)) or InvoiceSequence(
                    regie_id=regie.id, year=today.year, last_number=0
                )
                session.add(sequence)
                sequence.last_number += 1
                issued |= {
                    "year": today.year,
                    "number": sequence.last_number,
                    "reference": f"{regie.code}-{today.year}-{sequence.last_number:06}",
                    "issue_day": today,
                    "due_day": columns.get("due_day", today + timedelta(days=regie.due_days)),
                }
                first = InvoiceState.SETTLED if total <= 0 else InvoiceState.UNSETTLED
                for name, value in (issued | {"state": first}).items():
                    setattr(bill, name, value)
                session.flush()
            bill.state = state
            session.flush()
            bill_id = bill.id
        return self.one(select(Invoice).where(Invoice.id == bill_id))

    def dispute(self, invoice: Invoice, author: User, **columns: Any) -> LineDispute:
        """The first line of a bill, contested by an adult of its household."""
        first = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id, InvoiceLine.position == 1)
        values = {
            "author_name": "Claire SOLIGNAC",
            "message": "Léo était malade ce jour-là.",
            "created_at": self.now,
            "state": DisputeState.OPEN,
        }
        return self.add(
            LineDispute(
                line_id=self.one(first).id,
                household_id=invoice.household_id,
                author_user_id=author.id,
                **values | columns,
            )
        )

    # The day

    def kitchen(self, name: str = "Cuisine centrale", *activities: Activity, **columns: Any) -> Kitchen:
        """A kitchen that cooks for these activities."""
        kitchen = self.add(Kitchen(name=name, **columns))
        with self.app.app_context(), write_transaction() as session:
            for activity in activities:
                session.get_one(Activity, activity.id).kitchen_id = kitchen.id
        return kitchen

    def step(
        self, kitchen: Kitchen, days_before: int, minute: int = 10 * 60, **columns: Any
    ) -> ProductionStep:
        """A step of production, at 10 h in Paris unless told otherwise."""
        values = {"name": f"J-{days_before}"} | columns
        return self.add(
            ProductionStep(kitchen_id=kitchen.id, days_before=days_before, minute=minute, **values)
        )

    def conversation(self, household: Household, *texts: str, **columns: Any) -> Conversation:
        """What a family and the service wrote in turn, the family first; with `by_service` the service."""
        first = not columns.pop("by_service", False)
        turns = [(index % 2 == 0) is first for index in range(len(texts))]
        ends_with_family = bool(turns) and turns[-1]
        values = {
            "reference": f"R-MSGS-{next(self._numbers):04}",
            "subject": "Question sur le goûter",
            "state": ConversationState.OPEN,
            "created_at": self.now,
            "last_message_at": self.now,
            "waits_since": self.now if ends_with_family else None,
        }
        conversation = self.add(Conversation(household_id=household.id, **values | columns))
        author = self.user()
        for number, (text, is_from_family) in enumerate(zip(texts, turns, strict=True)):
            self.add(
                Message(
                    conversation_id=conversation.id,
                    is_from_family=is_from_family,
                    author_user_id=author.id,
                    author_name="Claire SOLIGNAC" if is_from_family else "Agnès MARTIN",
                    text=text,
                    sent_at=self.now,
                    submission_key=f"message-{conversation.id}-{number}",
                )
            )
        return conversation

    def announcement(self, **columns: Any) -> Announcement:
        """An announcement that was sent; its mails are for the caller to write."""
        number = next(self._numbers)
        values = {
            "subject": "Fête de l’école",
            "text": "La fête a lieu samedi.",
            "audience": "Toutes les familles",
            "is_service": False,
            "recipients": 1,
            "author_name": "Agnès MARTIN",
            "sent_at": self.now,
            "submission_key": f"announcement-{number}",
        }
        return self.add(Announcement(**values | columns))

    def news(self, title: str = "Inscriptions de la rentrée", **columns: Any) -> News:
        """News shown today and without end unless told otherwise."""
        values = {"text": "Elles ouvrent lundi.", "first_day": self.now.date()}
        return self.add(News(title=title, **values | columns))

    def joined_file(
        self, conversation: Conversation, content: bytes = b"%PDF-1.7", **columns: Any
    ) -> MessageFile:
        """A file joined to the first message of a conversation."""
        message = self.all(select(Message).where(Message.conversation_id == conversation.id))[0]
        with self.app.app_context():
            (key,) = document_store.save_all([content])
        values = {"file_key": key, "file_name": "ordonnance.pdf", "size_bytes": len(content)}
        return self.add(MessageFile(message_id=message.id, **values | columns))

    # Calendar and settings

    def public_holiday(self, day: date, label: str = "Jour de l’An") -> PublicHoliday:
        return self.add(PublicHoliday(day=day, label=label))

    def school_holiday(
        self, first: date, last: date, label: str = "Vacances d’hiver", zone: str = "C"
    ) -> SchoolHoliday:
        return self.add(SchoolHoliday(zone=zone, first_day=first, last_day=last, label=label))

    def settings(self, **values: str) -> None:
        self.add(*(Setting(key=key, value=value) for key, value in values.items()))


class Canteen:
    """What `World.canteen` made."""

    def __init__(
        self,
        facility: Facility,
        activity: Activity,
        meal: PresenceType,
        period: BookingPeriod,
        openings: list[Opening],
    ) -> None:
        self.facility, self.activity, self.meal, self.period, self.openings = (
            facility,
            activity,
            meal,
            period,
            openings,
        )


def euros(cents: int) -> str:
    """« 3.20 » as a règlement writes it."""
    return f"{cents // 100}.{cents % 100:02d}"


def weekdays(first: date, last: date, numbers: Iterable[int] = (0, 1, 3, 4)) -> list[date]:
    """Days of the given weekdays (0 = Monday) between two days, both included."""
    wanted = set(numbers)
    return [
        day
        for offset in range((last - first).days + 1)
        if (day := first + timedelta(days=offset)).weekday() in wanted
    ]
