"""Two families, two structures and every role: enough to open each route with a real address."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.shared.sessions import OBSERVED, token_hash
from domain.allotment import Room, Standing, Wish, inputs_of
from domain.enums import (
    AccountStatus,
    BookingState,
    Channel,
    ChoiceList,
    DocumentEffect,
    DocumentOwner,
    FileSection,
    LineAction,
    LineState,
    MailKind,
    MailState,
    OnlineMode,
    OnlineState,
    PaymentMethod,
    PlacesMode,
    SessionKind,
    StaffRole,
    SwapState,
)
from domain.family_file import ADDED_PERSON_FIELD, Person, person_to_text
from domain.rulebook.enrolment import Tie
from domain.settings import FIRST_ADMINISTRATOR
from extensions import db
from models import (
    ActivationToken,
    Allotment,
    AllotmentRank,
    AuthorisationType,
    AuthorisedPerson,
    BillingRun,
    BookingDraft,
    BookingDraftLine,
    BookingEvent,
    BookingPeriod,
    BookingRequest,
    BookingRequestLine,
    CalendarFeed,
    ChangeLine,
    ChangeRequest,
    Child,
    Closure,
    Consent,
    ConsentVersion,
    Conversation,
    CustodyException,
    CustodySwap,
    Debit,
    DebitBatch,
    DepositSlip,
    Document,
    DocumentCategory,
    EmailChange,
    Enrolment,
    EnrolmentRequest,
    Guardian,
    Household,
    HouseholdChild,
    Invoice,
    LineDispute,
    ListChoice,
    Mandate,
    MessageFile,
    OfflineMark,
    OnlinePayment,
    OutgoingMail,
    Payment,
    PublicHoliday,
    Refund,
    Resource,
    RulebookVersion,
    SchoolClass,
    SchoolHoliday,
    StaffMember,
    UsefulLink,
    User,
    UserSession,
)
from services import opt_outs, sessions
from services.file_stores import Place
from services.transaction import write_transaction
from tests import stored_files
from tests.architecture.routes import STAFF_ROLES, Role
from tests.document_files import picture
from tests.factories import Canteen, World, weekdays
from tests.rulebook_texts import table
from tests.strict_client import StrictClient

LINK, ADMINISTRATOR_LINK, EMAIL_LINK = "ACTIVATION" * 5, "PREMIER789" * 5, "NOUVELLE12" * 5
FEED = "CALENDRIER" * 5
PHONE_KEY = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
NOWHERE = 987654
# Who is met with the addresses of whom.
NEIGHBOURS = {
    Role.OTHER_PARENT: Role.PARENT,
    Role.OTHER_DIRECTOR: Role.DIRECTOR,
    Role.OTHER_LEADER: Role.LEADER,
}
KINDS = {
    Role.RESTRICTED_PARENT: SessionKind.RESTRICTED,
    Role.CODE_AWAITED: SessionKind.CODE_AWAITED,
    Role.WITHOUT_FACTOR: SessionKind.CODE_AWAITED,
}


@dataclass(frozen=True, slots=True)
class Value:
    """What stands for a parameter of an address: one's own, somebody else's, one that does not exist.

    `foreign` is None for what belongs to nobody (a month, a public document).
    """

    own: Any
    foreign: Any = None
    unknown: Any = NOWHERE


@dataclass
class Family:
    """One family with everything a family can have, at one structure."""

    household: Household
    parent: User
    guardian: Guardian
    child: Child
    canteen: Canteen
    enrolment: Enrolment
    booking_id: int
    draft: BookingDraft
    request: BookingRequest
    line_id: int
    document: Document
    sent: Document
    proof: Document
    change: ChangeRequest
    mail: OutgoingMail
    exception_id: int
    offered_id: int
    swap_id: int
    enrolment_request: EnrolmentRequest
    group_id: int
    invoice: Invoice
    payment: Payment
    dispute: LineDispute
    online: OnlinePayment
    conversation: Conversation
    joined: MessageFile


class Town:
    """The whole, and what to put in the address of each route."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.category = world.add(
            DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD)
        )
        self.proof_category = world.add(
            DocumentCategory(
                name="Attestation de quotient", owner=DocumentOwner.HOUSEHOLD, effect=DocumentEffect.QUOTIENT
            )
        )
        self.child_category = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
        self.own = self._family("SOLIGNAC", "A", "École Zola")
        self.other = self._family("MARTIN", "B", "École Hugo")
        self._ask_a_fact()
        self.school_class = world.add(
            SchoolClass(facility_id=self.own.canteen.facility.id, school_year=2026, name="CE1")
        )
        for family in (self.own, self.other):
            world.closure(family.canteen.facility, date(2027, 2, 22))
        self.users = self._users()
        self.allotted = [self._allot(family) for family in (self.own, self.other)]
        self.public_holiday = world.public_holiday(date(2027, 1, 1))
        self.school_holiday = world.school_holiday(date(2027, 2, 6), date(2027, 2, 21))
        consent = world.add(Consent(name="Règlement intérieur", is_required=False))
        self.text = world.add(
            ConsentVersion(
                consent_id=consent.id, number=1, text="Chacun range son plateau.", published_at=world.now
            )
        )
        self.choice = world.add(ListChoice(kind=ChoiceList.DIET, label="Sans porc"))
        self.authorisation = world.add(AuthorisationType(name="Peut être photographié ou filmé"))
        self.kitchens = [
            world.kitchen(f"Cuisine {one.household.name}", one.canteen.activity)
            for one in (self.own, self.other)
        ]
        self.steps = [world.step(one, 3) for one in self.kitchens]
        self.announcement = world.announcement()
        self.news = world.news()
        self.link = world.add(UsefulLink(title="Le site de la ville", url="https://www.example.org/"))
        self.resource = self._resource()
        self.logo_name = self._logo()
        world.settings(
            **{FIRST_ADMINISTRATOR: token_hash(ADMINISTRATOR_LINK)}, logo=f"{self.logo_name} 60 80"
        )
        world.add(CalendarFeed(user_id=self.own.parent.id, token_hash=token_hash(FEED), created_at=world.now))
        invited = world.user(status=AccountStatus.INVITED, email_verified_at=None)
        world.add(
            ActivationToken(
                user_id=invited.id,
                token_hash=token_hash(LINK),
                created_at=world.now,
                expires_at=world.now.replace(year=2028),
            )
        )
        world.add(
            EmailChange(
                user_id=world.parent(world.household("DURAND")).id,
                new_email="nouvelle@example.org",
                token_hash=token_hash(EMAIL_LINK),
                created_at=world.now,
                expires_at=world.now.replace(year=2028),
            )
        )

    def _ask_a_fact(self) -> None:
        """The règlement reads a fact that only the service can state."""
        self.world.rulebook["faits"]["agent"] = "oui_non"
        rows = ({"agent": "oui", "valeur": "1.00"}, {"agent": "non", "valeur": "3.00"})
        self.world.presence_type(self.own.canteen.activity, "Panier", price=table(*rows))

    def _family(self, name: str, letter: str, school: str) -> Family:
        world = self.world
        household = world.household(name)
        parent = world.parent(household)
        guardian = world.one(db.select(Guardian).where(Guardian.user_id == parent.id))
        child = world.child(household)
        custody_exception = self._share(child, household)
        canteen = world.canteen(weekdays(date(2027, 1, 4), date(2027, 2, 5)), name=school)
        enrolment = world.enrol(child, canteen.facility)
        world.pick_up(child)
        added = {f"{ADDED_PERSON_FIELD}:{letter}": (None, person_to_text(Person("Nadia", name)))}
        world.change(household, parent, FileSection.CHILD_PEOPLE, added, child=child)
        accepted = world.booking(household, child, canteen.openings[-1], canteen.meal)
        pending = world.booking(household, child, canteen.openings[-2], canteen.meal, BookingState.PENDING)
        offered = world.booking(household, child, canteen.openings[-4], canteen.meal, BookingState.OFFERED)
        draft = world.add(
            BookingDraft(
                key=letter * 32, user_id=parent.id, household_id=household.id, child_id=child.id,
                facility_id=canteen.facility.id, month=date(2027, 2, 1), presence_type_id=canteen.meal.id,
                created_at=world.now, updated_at=world.now,
            )
        )  # fmt: skip
        world.add(
            BookingDraftLine(
                draft_id=draft.id, child_id=child.id, opening_id=canteen.openings[-3].id,
                presence_type_id=canteen.meal.id, day=canteen.openings[-3].day, action=LineAction.BOOK,
            )
        )  # fmt: skip
        request = world.add(
            BookingRequest(
                reference=f"R-{letter * 4}-{letter * 4}", household_id=household.id, author_user_id=parent.id,
                author_name=f"Claire {name}", channel=Channel.PORTAL, created_at=world.now,
            )
        )  # fmt: skip
        line = world.add(
            BookingRequestLine(
                request_id=request.id, booking_id=pending.id, child_id=child.id,
                facility_id=canteen.facility.id, opening_id=pending.opening_id,
                presence_type_id=canteen.meal.id, day=pending.day,
                action=LineAction.BOOK, state=LineState.PENDING, price_cents=320,
            )
        )  # fmt: skip
        (marked,) = (one for one in canteen.openings if one.day == date(2027, 2, 4))
        world.offline_mark(child, marked)
        document = world.document(household, self.category)
        sent = world.sent_document(household, self.category)
        proof = world.sent_document(household, self.proof_category)
        change = world.change(
            household,
            parent,
            FileSection.HOUSEHOLD_ADDRESS,
            {"address": ("12 rue Nationale", "4 impasse des Saules"), "city": ("Cahors", "Pradines")},
        )
        mail = world.add(
            OutgoingMail(
                kind=MailKind.BOOKING_RECEIPT, state=MailState.ABANDONED,
                message_id=f"<{letter}@portail.test>", to_address=parent.email, user_id=parent.id,
                household_id=household.id, subject="Votre demande", text="Bonjour",
                html="<p>Bonjour</p>", created_at=world.now, next_attempt_at=world.now,
            )
        )  # fmt: skip
        enrolment_request = world.enrolment_request(household, parent, child, canteen.activity)
        return Family(
            household,
            parent,
            guardian,
            child,
            canteen,
            enrolment,
            accepted.id,
            draft,
            request,
            line.id,
            document,
            sent,
            proof,
            change,
            mail,
            custody_exception.id,
            offered.id,
            self._swap(custody_exception, parent).id,
            enrolment_request,
            world.group(canteen.facility, first_age=3, last_age=11).id,
            *self._money(household, parent, child, canteen, letter),
            *self._messages(household, canteen),
        )

    def _messages(self, household: Household, canteen: Canteen) -> tuple[Conversation, MessageFile]:
        """What the family wrote to the structure, with a file, and no answer yet."""
        written = "Léo peut-il venir mercredi\u00a0?"
        conversation = self.world.conversation(household, written, facility_id=canteen.facility.id)
        return conversation, self.world.joined_file(conversation)

    def _money(
        self, household: Household, parent: User, child: Child, canteen: Canteen, letter: str
    ) -> tuple[Invoice, Payment, LineDispute, OnlinePayment]:
        """The bill of a past month, not paid, a payment that waits for the next one, a contested line, and
        what the family tried to pay online."""
        regie = self.world.regie(
            f"Régie {letter}", canteen.activity, payfip_client="012345", online_mode=OnlineMode.TEST,
            creditor_identifier="FR72ZZZ123456", creditor_name="Régie", iban="FR7630001007941234567890185",
        )  # fmt: skip
        line = {
            "label": "Repas, lundi 7 décembre",
            "amount_cents": 320,
            "child_id": child.id,
            "activity_id": canteen.activity.id,
            "day": date(2026, 12, 7),
            "explanation": ["Tarif unique\u00a0: 3,20\u00a0€."],
        }
        bill = self.world.invoice(regie, household, date(2026, 12, 1), [line])
        self.world.billing_run(regie, date(2026, 11, 1))
        payment = self.world.payment(regie, household, 150, reference=f"chèque {letter}")
        self.world.refund(self.world.payment(regie, household, 350), 100, reason=f"départ {letter}")
        self.world.deposit_slip(regie, self.world.payment(regie, household, 250, method=PaymentMethod.CASH))
        signed = self.world.one(db.select(Guardian).where(Guardian.user_id == parent.id))
        mandate = self.world.mandate(regie, household, signed)
        debited = self.world.invoice(regie, household, date(2026, 11, 1), [line])
        self.world.debit(mandate, debited, date(2027, 1, 11))
        tried = self.world.online_payment(bill, parent, OnlineState.TO_CHECK, key=letter * 32)
        return bill, payment, self.world.dispute(bill, parent), tried

    def _swap(self, exception: CustodyException, author: User) -> CustodySwap:
        """The second household offers a day of the child."""
        homes = self.world.all(db.select(HouseholdChild).filter_by(child_id=exception.child_id))
        (second,) = {home.household_id for home in homes} - {exception.household_id}
        day = date(2027, 1, 27)
        return self.world.add(
            CustodySwap(
                child_id=exception.child_id, household_id=second, to_household_id=exception.household_id,
                given_first=day, given_last=day, state=SwapState.PENDING, author_user_id=author.id,
                author_name="Paul DURAND", submission_key=f"swap-{exception.id}", created_at=self.world.now,
            )
        )  # fmt: skip

    def _share(self, child: Child, household: Household) -> CustodyException:
        """The child has a second household and a day that is out of the ordinary."""
        self.world.share(child, self.world.household(f"{household.name}-DURAND"))
        day = date(2027, 1, 20)
        return self.world.add(
            CustodyException(child_id=child.id, household_id=household.id, first_day=day, last_day=day)
        )

    def _users(self) -> dict[Role, User | None]:
        families = {
            Role.ANONYMOUS: None,
            Role.PARENT: self.own.parent,
            Role.OTHER_PARENT: self.other.parent,
            Role.RESTRICTED_PARENT: self.own.parent,
            Role.OBSERVER: self.world.staff(StaffRole.RECEPTION),
            Role.SUSPENDED: self.world.parent(self.own.household, status=AccountStatus.SUSPENDED),
            Role.CODE_AWAITED: self.world.staff(has_factor=True),
            Role.WITHOUT_FACTOR: self.world.staff(),
        }
        facilities = {
            Role.DIRECTOR: [self.own.canteen.facility],
            Role.OTHER_DIRECTOR: [self.other.canteen.facility],
            Role.LEADER: [self.own.canteen.facility],
            Role.OTHER_LEADER: [self.other.canteen.facility],
        }
        return families | {
            role: self.world.staff(
                staff_role, facilities.get(role, ()), can_read_medical=role is Role.MEDICAL_READER
            )
            for role, staff_role in STAFF_ROLES.items()
        }

    def _allot(self, family: Family) -> BookingPeriod:
        """A period of the structure whose places were allotted, the family's booking among them."""
        first = date(2027, 6, 1)
        period = self.world.period(
            family.canteen.facility,
            first,
            first,
            places_mode=PlacesMode.ALLOTMENT,
            closes_at=self.world.now,
            allotted_at=self.world.now,
        )
        wish = Wish(family.booking_id, family.household.id, None, 7, self.world.now, Standing((), "Rang"))
        allotment = self.world.add(
            Allotment(
                period_id=period.id,
                activity_id=family.canteen.activity.id,
                seed="graine",
                author_user_id=self.users[Role.ADMINISTRATOR].id,
                author_name="Agnès MARTIN",
                made_at=self.world.now,
            )
        )
        self.world.add(
            AllotmentRank(
                allotment_id=allotment.id,
                booking_id=family.booking_id,
                rank=1,
                is_admitted=True,
                reason="Rang 1",
                inputs=inputs_of(wish, Room(None), Tie.NONE),
            ),
            BookingEvent(
                booking_id=family.booking_id,
                household_id=family.household.id,
                at=self.world.now,
                state=BookingState.ACCEPTED,
                channel=Channel.PORTAL,
                reason="Rang 1",
            ),
        )
        return period

    def _resource(self) -> Resource:
        stored = stored_files.keep(self.world.app, Place.FILES, b"%PDF-1.7", ".pdf")
        return self.world.add(
            Resource(title="Menus", file_key=stored.key, file_name="menus.pdf", size_bytes=stored.size)
        )

    def _logo(self) -> str:
        return stored_files.keep(self.world.app, Place.FILES, picture("PNG"), ".png").key

    def counter_draft(self, family: Family, role: Role) -> BookingDraft:
        """What an agent in this role books for the family: the draft of a parent, by telephone (S116)."""
        draft, user = family.draft, self.users[role]
        key = f"{family.household.name[0]}{user.id}".ljust(32, "0")
        known = self.world.all(db.select(BookingDraft).where(BookingDraft.key == key))
        if known:
            return known[0]
        copied = ("household_id", "child_id", "facility_id", "month", "presence_type_id")
        own = self.world.add(
            BookingDraft(
                key=key, user_id=user.id, channel=Channel.PHONE,
                created_at=self.world.now, updated_at=self.world.now,
                **{name: getattr(draft, name) for name in copied},
            )
        )  # fmt: skip
        opening = family.canteen.openings[-3]
        self.world.add(
            BookingDraftLine(
                draft_id=own.id, child_id=own.child_id, opening_id=opening.id,
                presence_type_id=own.presence_type_id, day=opening.day, action=LineAction.BOOK,
            )
        )  # fmt: skip
        return own

    def _change_of(self, family: Family) -> int:
        request = self._id(ChangeRequest, household_id=family.household.id)
        return self._id(ChangeLine, request_id=request)

    def _refund_of(self, family: Family) -> int:
        (row,) = self.world.all(
            db.select(Refund).join(Payment).where(Payment.household_id == family.household.id)
        )
        return row.id

    def _debit_of(self, family: Family) -> int:
        return self._id(Debit, batch_id=self._id(DebitBatch, regie_id=family.invoice.regie_id))

    def _closure_of(self, family: Family) -> int:
        return self._id(Closure, facility_id=family.canteen.facility.id)

    def _session_of(self, role: Role) -> int:
        """The id of one more session of the account in this role."""
        user = self.users[role] or self.users[Role.PARENT]
        with self.world.app.app_context(), write_transaction() as session:
            token = sessions.open_session(session, user.id, user.kind, self.world.now)
        return self._id(UserSession, token_hash=token_hash(token))

    def _id(self, model: type, **columns: Any) -> int:
        """The id of the first row of a table with these values."""
        return min(row.id for row in self.world.all(db.select(model).filter_by(**columns)))

    def sign_in(self, client: StrictClient, role: Role) -> None:
        """Give the browser a fresh session of somebody in this role."""
        client.delete_cookie(self.world.app.config["SESSION_COOKIE_NAME"])
        user = self.users[role]
        if user is None:
            return
        status = user.status
        if role is Role.SUSPENDED:  # the session was opened before
            self._set_status(user, AccountStatus.ACTIVE)
        client.sign_in(user, KINDS.get(role, SessionKind.FULL))
        if role is Role.OBSERVER:
            with client.session_transaction() as cookie:
                cookie[OBSERVED] = self.own.guardian.id
        if role is Role.SUSPENDED:
            self._set_status(user, status)

    def _set_status(self, user: User, status: AccountStatus) -> None:
        with self.world.app.app_context(), write_transaction() as session:
            session.get_one(User, user.id).status = status

    def values(self, role: Role = Role.ADMINISTRATOR) -> dict[str, Value]:
        """By name of parameter, or « endpoint parameter » where the same name means something else; a draft
        at the counter is that of the agent in this role."""
        own, other = self.own, self.other
        mine, theirs = own.canteen, other.canteen
        members = {role: self._id(StaffMember, user_id=self.users[role].id) for role in STAFF_ROLES}
        return {
            "session_id": Value(
                self._session_of(NEIGHBOURS.get(role, role)), self._session_of(Role.OTHER_PARENT)
            ),
            "household_id": Value(own.household.id, other.household.id),
            "guardian_id": Value(own.guardian.id, other.guardian.id),
            "child_id": Value(own.child.id, other.child.id),
            "staff_families.link_adult guardian_id": Value(other.guardian.id),
            "staff_families.link_child child_id": Value(other.child.id),
            "class_id": Value(self.school_class.id),
            "year": Value(2026),
            "exception_id": Value(own.exception_id, other.exception_id),
            "swap_id": Value(own.swap_id, other.swap_id),
            "verb": Value("accepter", unknown="peut-etre"),
            "enrolment_id": Value(own.enrolment.id, other.enrolment.id),
            "invoice_id": Value(own.invoice.id, other.invoice.id),
            "invoices.contest line_id": Value(own.dispute.line_id, other.dispute.line_id),
            "dispute_id": Value(own.dispute.id, other.dispute.id),
            "payment_id": Value(own.payment.id, other.payment.id),
            "refund_id": Value(*(self._refund_of(one) for one in (own, other))),
            "import_id": Value(self.world.treasury_import("INCONNUE;43,20;12/01/2027").id),
            "slip_id": Value(*(self._id(DepositSlip, regie_id=one.invoice.regie_id) for one in (own, other))),
            "mandate_id": Value(*(self._id(Mandate, regie_id=one.invoice.regie_id) for one in (own, other))),
            "batch_id": Value(*(self._id(DebitBatch, regie_id=one.invoice.regie_id) for one in (own, other))),
            "debit_id": Value(*(self._debit_of(one) for one in (own, other))),
            "invoices.sign_mandate regie_id": Value(own.invoice.regie_id),
            "means": Value("cheques", unknown="autre"),
            "online_id": Value(own.online.id, other.online.id),
            **{
                f"invoices.{name} key": Value(own.online.key, unknown="Z" * 32)
                for name in ("payment", "check_payment", "payment_return")
            },
            "regie_id": Value(own.invoice.regie_id, other.invoice.regie_id),
            "level": Value(2),
            "rows": Value("mois", unknown="jours"),
            "table": Value("factures", unknown="autre"),
            "run_id": Value(*(self._id(BillingRun, regie_id=one.invoice.regie_id) for one in (own, other))),
            "document_id": Value(own.sent.id, other.sent.id),
            "staff_families.withdraw_document document_id": Value(own.document.id, other.document.id),
            **self._desk_values(role),
            **self._counter_values(role),
            "booking_id": Value(own.booking_id, other.booking_id),
            **{
                f"bookings.{name} booking_id": Value(own.offered_id, other.offered_id)
                for name in ("offer", "take_offer", "leave_offer")
            },
            "line_id": Value(own.line_id, other.line_id),
            "request_id": Value(own.request.id, other.request.id),
            "reference": Value(own.request.reference, other.request.reference, "R-ZZZZ-ZZZZ"),
            "key": Value(own.draft.key, other.draft.key, "Z" * 32),
            "person_id": Value(*(self._id(AuthorisedPerson, child_id=one.child.id) for one in (own, other))),
            "children.edit_addition name": Value("A", "B", "C"),
            "staff_rulebook.example key": Value("prix-unique", unknown="autre"),
            "public.colours name": Value("7a1f5c", unknown="ffcc00"),
            "public.icon shape": Value("masque-512", unknown="1024"),
            "public.icon name": Value(self.logo_name.partition(".")[0], unknown="0e5a5a"),
            "public.logo name": Value(self.logo_name, unknown=f"{NOWHERE}.png"),
            "change_id": Value(self._change_of(own), self._change_of(other)),
            "household.edit section": Value("adresse", unknown="autre"),
            "household.edit_account section": Value("coordonnees", unknown="autre"),
            "children.edit section": Value("identite", unknown="autre"),
            "closure_id": Value(
                *(self._id(Closure, facility_id=one.canteen.facility.id) for one in (own, other))
            ),
            "mail_id": Value(own.mail.id, other.mail.id),
            "facility_id": Value(mine.facility.id, theirs.facility.id),
            "activity_id": Value(mine.activity.id, theirs.activity.id),
            "children.ask_enrolment activity_id": Value(mine.activity.id),
            "presence_type_id": Value(mine.meal.id, theirs.meal.id),
            "period_id": Value(mine.period.id, theirs.period.id),
            **{
                f"{endpoint} period_id": Value(*(period.id for period in self.allotted))
                for endpoint in (
                    "bookings.allotment",
                    "staff_facilities.allotment",
                    "staff_facilities.simulate_allotment",
                    "staff_facilities.make_allotment",
                    "staff_facilities.replay_allotment",
                )
            },
            **{
                f"{endpoint} kind": Value("xlsx", unknown="csv")
                for endpoint in (
                    "staff_kitchens.meals_file",
                    "staff_kitchens.week_file",
                    "staff_day_sheets.list_file",
                    "staff_day_sheets.health_file",
                )
            },
            "staff_day_sheets.list_file name": Value("urgence", unknown="autre"),
            "kitchen_id": Value(*(one.id for one in self.kitchens)),
            "step_id": Value(*(one.id for one in self.steps)),
            "group_id": Value(own.group_id, other.group_id),
            "opening_id": Value(mine.openings[-3].id, theirs.openings[-3].id),
            "version_id": Value(self._id(RulebookVersion)),
            "consent_id": Value(self.text.consent_id),
            "text_id": Value(self.text.id),
            "choice_id": Value(self.choice.id),
            "type_id": Value(self.authorisation.id),
            "staff_lists.new_choice name": Value("regimes", unknown="planetes"),
            "category_id": Value(self.category.id),
            "documents.send_for_child category_id": Value(self.child_category.id),
            "resource_id": Value(self.resource.id),
            "link_id": Value(self.link.id),
            "staff_id": Value(members[Role.DIRECTOR]),
            "user_id": Value(self.users[Role.DIRECTOR].id),
            "holiday_id": Value(self._id(PublicHoliday)),
            "staff_calendar.edit_school_holiday holiday_id": Value(self._id(SchoolHoliday)),
            "month": Value("2027-02", unknown="2027-13"),
            "offline_id": Value(*(self._id(OfflineMark, child_id=one.child.id) for one in (own, other))),
            "day": Value("2027-02-04", unknown="2027-02-30"),
            "staff_facilities.withdraw_deadline day": Value("2025-09-01", unknown="2027-02-30"),
            "staff_facilities.withdraw_tariff day": Value("2025-09-01", unknown="2027-02-30"),
            "action": Value("reservation", unknown="autre"),
            "shape": Value("jours-avant", unknown="autre"),
            "act": Value("ouvrir", unknown="autre"),
            "name": Value("absent", unknown="absent"),
            "staff_families.state_fact name": Value("agent", unknown="absent"),
            "staff_content.edit_mail name": Value("nouvelle-facture", unknown="autre"),
            "kind": Value("csv", unknown="pdf"),
            "staff_statistics.file kind": Value("xlsx", unknown="csv"),
            "token": Value(LINK, unknown="INCONNU"),
            "news_id": Value(self.news.id),
            "announcement_id": Value(self.announcement.id),
            "public.refuse_announcements token": Value(self._opt_out(), unknown="INCONNU"),
            "public.feed token": Value(FEED, unknown="INCONNU"),
            "auth.confirm_email token": Value(EMAIL_LINK, unknown="INCONNU"),
            "auth.first_administrator token": Value(ADMINISTRATOR_LINK, unknown="INCONNU"),
        }

    def _opt_out(self) -> str:
        with self.world.app.app_context():
            return opt_outs.token(self.own.parent.id)

    def _counter_values(self, role: Role) -> dict[str, Value]:
        """What an agent may book with meets a draft of its own."""
        agent = role if role in STAFF_ROLES else Role.ADMINISTRATOR
        own, other = (self.counter_draft(family, agent).key for family in (self.own, self.other))
        key = Value(own, other, "Z" * 32)
        return {
            f"{rule.endpoint} key": key
            for rule in self.world.app.url_map.iter_rules()
            if rule.endpoint.startswith("staff_bookings.") and "key" in rule.arguments
        }

    def _desk_values(self, role: Role) -> dict[str, Value]:
        """The cases of « À traiter »: a change and a document that wait; the régie meets proofs alone."""
        own, other = self.own, self.other
        change = Value(own.change.reference, other.change.reference, "R-ZZZZ-ZZZZ")
        sent = Value(own.sent.id, other.sent.id)
        read = Value(own.proof.id, other.proof.id) if role is Role.COLLECTOR else sent
        return {
            "number": Value(1),
            **{
                f"{name} reference": Value(
                    own.enrolment_request.reference, other.enrolment_request.reference, "R-ZZZZ-ZZZZ"
                )
                for name in (
                    "children.enrolment",
                    "children.withdraw_enrolment",
                    "staff_desk.enrolment",
                    "staff_desk.decide_enrolment",
                )
            },
            "file_id": Value(own.joined.id, other.joined.id),
            **{
                f"{name} reference": Value(
                    own.conversation.reference, other.conversation.reference, "R-ZZZZ-ZZZZ"
                )
                for name in (
                    *(f"messages.{one}" for one in ("show", "reply", "mark_read", "file")),
                    *(f"staff_desk.{one}_message" for one in ("answer", "close", "hand_over")),
                    "staff_desk.message",
                    "staff_messages.file",
                )
            },
            "staff_families.edit_child_section section": Value("alimentation", unknown="autre"),
            **{
                f"staff_desk.{name} reference": change
                for name in ("change", "change_health", "decide_change")
            },
            **{
                f"{endpoint} document_id": read
                for endpoint in (
                    "staff_desk.document",
                    "staff_desk.open_document",
                    "staff_desk.document_page",
                    "staff_families.download_document",
                )
            },
            "staff_desk.decide_document document_id": sent,
        }

    def bodies(self) -> dict[str, dict[str, Any]]:
        """What a POST must hold to get as far as its object, where an empty form is not enough."""
        meal, child = self.own.canteen.meal.id, self.own.child.id
        steps = {
            "days": {"jour": "2027-02-04:book", "type": meal},
            "copy": {"mois": "2027-02"},
            "switch": {"mois": "2027-02", "choix": f"{child}:{self.own.canteen.facility.id}"},
            "edit": {"enfant": child, "etablissement": self.own.canteen.facility.id},
            "remove": {"enfant": child, "jour": "2027-02-04"},
        }
        both = ("bookings", "staff_bookings")
        bodies = {f"{blueprint}.{step}": body for blueprint in both for step, body in steps.items()}
        return bodies | {
            "staff_attendance.mark": {"marque": f"{child}:present"},
            "staff_attendance.receive": {
                "appareil": PHONE_KEY,
                "heure": "1768208400000",
                "pointages": json.dumps(
                    [
                        {
                            "cle": PHONE_KEY,
                            "enfant": child,
                            "marque": "present",
                            "heure": 1768208400000,
                            "vu": "",
                        }
                    ]
                ),
            },
            "staff_bookings.pass_limits": {"channel": "phone", "override_reason": "urgence"},
        }
