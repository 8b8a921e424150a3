"""Two entangled families, a third one and two schools, where every private text is unique (security 4.2).

Léo lives with the SOLIGNAC (A) and with the MARTIN (B) and goes to school 1, as Marie of A does; Nino of B
and Tom of C, a family apart whose mother has a confidential contact, go to school 2. `TABLE` says who may
read each text column of the models; `Canaries` writes the town, puts a token in every such column of every
row, and knows who may meet which. Quotients are numbers and files are bytes: they have theirs too.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, unique
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import models
from blueprints.shared.sessions import OBSERVED
from domain.enums import (
    ChangeState,
    Channel,
    DocumentOwner,
    DocumentState,
    FileSection,
    InvoiceState,
    LineAction,
    LineState,
    MailKind,
    MailState,
    MandateState,
    PaymentMethod,
    PaymentState,
    SchoolLevel,
    StaffRole,
    SwapState,
)
from domain.family_file import (
    ADDED_PERSON_FIELD,
    FIELDS,
    FieldKind,
    Person,
    person_to_text,
)
from extensions import SealedText, db
from services import document_store
from services.transaction import write_transaction
from tests.factories import World, weekdays
from tests.strict_client import StrictClient

SVG = '"><svg onload=x>'


class Reader(StrEnum):
    CLAIRE = "parent of A"
    PAUL = "other parent of A"
    KARIM = "parent of B, the same child"
    ZOE = "parent of another family"
    RECEPTION = "reception"
    MEDICAL = "reception with the medical right"
    DIRECTOR_1 = "director of school 1"
    DIRECTOR_2 = "director of school 2"
    LEADER_1 = "animator of school 1"
    LEADER_2 = "animator of school 2"
    COLLECTOR = "régie"
    ADMINISTRATOR = "administrator"
    OBSERVER = "agent who looks at the portal of Claire"


R = Reader
DESK = frozenset({R.RECEPTION, R.MEDICAL, R.ADMINISTRATOR})
OFFICE = DESK | {R.COLLECTOR}
EVERYBODY = frozenset(Reader)
ADULTS = {"claire": R.CLAIRE, "paul": R.PAUL, "karim": R.KARIM, "zoe": R.ZOE}
HOMES = {"A": {R.CLAIRE, R.PAUL}, "B": {R.KARIM}, "C": {R.ZOE}}
LIVES = {"leo": "AB", "marie": "A", "nino": "B", "tom": "C"}
QUOTIENTS = {"A": 314159, "B": 271828, "C": 161803}
SECRET, SECRET_HOMES = {"zoe"}, {"C"}  # her contact is confidential, and where she lives
SCHOOLS = {"leo": R.DIRECTOR_1, "marie": R.DIRECTOR_1, "nino": R.DIRECTOR_2, "tom": R.DIRECTOR_2}
TEAMS = {R.DIRECTOR_1: {R.DIRECTOR_1, R.LEADER_1}, R.DIRECTOR_2: {R.DIRECTOR_2, R.LEADER_2}}


@unique
class Audience(Enum):
    """Who may read a text, from whose it is (security 1.3)."""

    PUBLIC = "everybody"
    NAME = "the name of a person: its households, those that share a child with them, the service"
    FILE = "the household, the service, the directors of its children"
    KINSHIP = "those of the file, and the animators of its children"
    ADDRESS = "those of the file, without the directors where an adult has a confidential contact"
    PAPERS = "the household and the office"
    CONTACT = "the adult itself, the office, the directors of its children unless it is confidential"
    EMERGENCY = "the same, and the animators of its children"
    OWN = "the adult itself and the office"
    CHILD = "the households of the child, the office, the director of its school"
    DAY = "the same, and the animators of its school"
    SHEET = "the households of the child, the office without the régie, the director of its school"
    CARE = "the same, and the animators of its school, who look after it"
    SENT = "the household and the office without the régie"
    FILES = "the same, never on the portal that an agent looks at"
    HEALTH = "the households of the child; an agent reads it by an act of its own, never on a page"
    BANK = "the adult itself"
    OFFICE = "the office"
    ACCOUNTING = "the régie and the administrator"
    NOBODY = "nobody: a secret, or a word of the machine"


A = Audience


def _households_of(owner: str) -> set[str]:
    if owner in HOMES:
        return {owner}
    if owner in LIVES:
        return set(LIVES[owner])
    return {home for home, adults in HOMES.items() if ADULTS.get(owner) in adults}


def _parents(homes: Iterable[str]) -> set[Reader]:
    """The adults of some households; Claire's portal may be looked at."""
    found = {one for home in homes for one in HOMES[home]}
    return found | ({R.OBSERVER} if R.CLAIRE in found else set())


def _teams(homes: Iterable[str]) -> set[Reader]:
    """The directors and the animators of the children of some households."""
    return {one for director in _directors(homes) for one in TEAMS[director]}


def _directors(homes: Iterable[str]) -> set[Reader]:
    return {SCHOOLS[child] for child, lives in LIVES.items() if set(lives) & set(homes)}


def readers(audience: Audience, owner: str) -> frozenset[Reader]:
    """`owner`: a household, an adult or a child by its name here; any word for what is nobody's."""
    homes = _households_of(owner)
    itself = {ADULTS[owner]} if owner in ADULTS else set()
    watched = {R.OBSERVER} if owner == "claire" else set()
    linked = {home for lives in LIVES.values() if set(lives) & homes for home in lives}
    found: dict[Audience, set[Reader] | frozenset[Reader]] = {
        A.PUBLIC: EVERYBODY,
        A.NAME: _parents(linked) | OFFICE | _directors(linked) | _teams(homes),
        A.FILE: _parents(homes) | OFFICE | _directors(homes),
        A.KINSHIP: _parents(homes) | OFFICE | _teams(homes),
        A.PAPERS: _parents(homes) | OFFICE,
        A.ADDRESS: _parents(homes) | OFFICE | (set() if homes & SECRET_HOMES else _directors(homes)),
        A.CONTACT: itself | watched | OFFICE | (set() if owner in SECRET else _directors(homes)),
        A.EMERGENCY: itself | watched | OFFICE | (set() if owner in SECRET else _teams(homes)),
        A.OWN: itself | watched | OFFICE,
        A.CHILD: _parents(homes) | OFFICE | ({SCHOOLS[owner]} if owner in SCHOOLS else set()),
        A.DAY: _parents(homes) | OFFICE | (TEAMS[SCHOOLS[owner]] if owner in SCHOOLS else set()),
        A.SHEET: _parents(homes) | DESK | ({SCHOOLS[owner]} if owner in SCHOOLS else set()),
        A.CARE: _parents(homes) | DESK | (TEAMS[SCHOOLS[owner]] if owner in SCHOOLS else set()),
        A.SENT: _parents(homes) | DESK,
        A.FILES: (_parents(homes) - {R.OBSERVER}) | DESK,
        A.HEALTH: _parents(homes) - {R.OBSERVER},
        A.BANK: itself,
        A.OFFICE: OFFICE,
        A.ACCOUNTING: {R.COLLECTOR, R.ADMINISTRATOR},
        A.NOBODY: set(),
    }
    return frozenset(found[audience])


# The database refuses to rewrite these: their words are there from the start (`Canaries._money`).
FROZEN = frozenset({"invoice", "invoice_line", "mandate", "payment", "refund"})
# Whose a row is, by the column that says it; the first one that is filled counts.
OWNERS = ("child_id", "guardian_id", "household_id")

# Every text column that holds something of a person, and who may read it.
TABLE: dict[str, Audience] = {
    "child.first_name": A.DAY,
    "child.last_name": A.DAY,
    "child.birth_place": A.SHEET,
    "child.diet": A.CARE,
    "child.diet_note": A.CARE,
    "household.name": A.FILE,
    "household.address": A.ADDRESS,
    "household.address_extra": A.ADDRESS,
    "household.postcode": A.ADDRESS,
    "household.city": A.ADDRESS,
    "household.family_situation": A.FILE,
    "household.beneficiary_number": A.PAPERS,
    "former_address.address": A.PAPERS,
    "former_address.address_extra": A.PAPERS,
    "former_address.postcode": A.PAPERS,
    "former_address.city": A.PAPERS,
    "guardian.first_name": A.NAME,
    "guardian.last_name": A.NAME,
    "guardian.email": A.CONTACT,
    "guardian.mobile_phone": A.EMERGENCY,
    "guardian.home_phone": A.EMERGENCY,
    "guardian.work_phone": A.EMERGENCY,
    "guardian.workplace": A.CONTACT,
    "guardian.birth_name": A.OWN,
    "guardian.profession": A.OWN,
    "guardian.iban": A.BANK,
    "guardian.iban_holder": A.OWN,
    "household_guardian.relationship": A.KINSHIP,
    "authorised_person.first_name": A.CARE,
    "authorised_person.last_name": A.CARE,
    "authorised_person.relationship": A.CARE,
    "authorised_person.phone": A.CARE,
    "authorisation.author_name": A.SHEET,
    "certification.author_name": A.PAPERS,
    "custody_exception.reason": A.SHEET,
    "document.sender_name": A.SENT,
    "document.comment": A.SENT,
    "document.file_name": A.SENT,
    "document.reason": A.SENT,
    "enrolment.group_name": A.DAY,
    "school_class.name": A.SHEET,
    "school_class.teacher": A.SHEET,
    "quotient_familial.source": A.PAPERS,
    "rule_fact.value": A.PAPERS,
    "change_request.author_name": A.SHEET,
    "change_line.reason": A.SHEET,
    "booking_request.author_name": A.FILE,
    "booking_request_line.explanation": A.CHILD,
    "booking_request_line.reason": A.CHILD,
    "absence.author_name": A.CHILD,
    "absence.explanation": A.FILE,
    "allotment_rank.reason": A.FILE,
    "booking_event.actor_name": A.FILE,
    "booking_event.reason": A.FILE,
    "booking_request.override_reason": A.FILE,
    "custody_swap.author_name": A.SHEET,
    "custody_swap.answered_by_name": A.SHEET,
    "enrolment_request.author_name": A.FILE,
    "enrolment_request.reason": A.FILE,
    "enrolment_request.unmet": A.FILE,
    "attendance.note": A.CARE,
    "billing_finding.sentence": A.ACCOUNTING,
    "invoice.recipient_name": A.PAPERS,
    "invoice.recipient_address": A.PAPERS,
    "invoice_line.label": A.PAPERS,
    "invoice_line.explanation": A.PAPERS,
    "line_dispute.author_name": A.PAPERS,
    "line_dispute.message": A.PAPERS,
    "line_dispute.answer": A.PAPERS,
    "payment.reference": A.PAPERS,
    "payment.cancel_reason": A.PAPERS,
    "online_payment.email": A.PAPERS,
    "online_payment.problem": A.OFFICE,
    "mandate.holder_name": A.PAPERS,
    "mandate.iban": A.BANK,
    "mandate.end_reason": A.PAPERS,
    "debit.drop_reason": A.OFFICE,
    "refund.reason": A.PAPERS,
    "refund.reference": A.PAPERS,
    "refund.cancel_reason": A.PAPERS,
    "treasury_import_line.content": A.OFFICE,
    "treasury_import_line.reason": A.OFFICE,
    "outgoing_mail.subject": A.OFFICE,
    "outgoing_mail.text": A.NOBODY,
    "outgoing_mail.html": A.NOBODY,
    "outgoing_mail.last_error": A.OFFICE,
    "email_change.new_email": A.OWN,
    "conversation.subject": A.PAPERS,
    "message.text": A.PAPERS,
    "message_file.file_name": A.PAPERS,
}

# Tables whose columns are all filled; of the others, those that the builder of the town filled.
ALWAYS_FILLED = frozenset({"household", "guardian", "child", "document", "household_guardian"})

# Columns that a token is put in by hand, because their text has a form: see `Canaries`.
BY_HAND = frozenset(
    {"medical_record.content", "change_line.seen_value", "change_line.wanted_value", "user_account.email"}
)

# Columns that hold nothing of a family, each with its reason.
TOWN, MACHINE, SECRET = "words of the town", "a word of the machine", "a secret, only hashed"
EXCUSED: dict[str, str] = {
    "authorisation_type.name": TOWN,
    "authorisation_type.description": TOWN,
    "consent.name": TOWN,
    "consent_version.text": TOWN,
    "document_category.name": TOWN,
    "document_category.description": TOWN,
    "facility.name": TOWN,
    "facility.address": TOWN,
    "facility.phone": TOWN,
    "facility.email": TOWN,
    "facility.opening_hours": TOWN,
    "field_rule.field": MACHINE,
    "household.import_key": MACHINE,
    "household.search_text": "the folded names of the household, read by the search alone",
    "list_choice.label": TOWN,
    "public_holiday.label": TOWN,
    "resource.title": TOWN,
    "resource.file_key": MACHINE,
    "resource.file_name": TOWN,
    "rulebook_version.name": TOWN,
    "rulebook_version.text": TOWN,
    "rulebook_version.tree": TOWN,
    "rulebook_version.fingerprint": MACHINE,
    "rulebook_version.author_name": TOWN,
    "school_holiday.label": TOWN,
    "setting.key": MACHINE,
    "setting.value": TOWN,
    "throttle.key": MACHINE,
    "useful_link.title": TOWN,
    "useful_link.url": TOWN,
    "user_account.password_hash": SECRET,
    "activation_token.token_hash": SECRET,
    "email_change.token_hash": SECRET,
    "provisional_password.password_hash": SECRET,
    "user_session.token_hash": SECRET,
    "activity.name": TOWN,
    "activity.rule_name": MACHINE,
    "audit_event.action": MACHINE,
    "audit_event.object_type": MACHINE,
    "audit_event.before": "copies of other columns; the test of the journal looks at it",
    "audit_event.after": "copies of other columns; the test of the journal looks at it",
    "booking_period.name": TOWN,
    "document.upload_key": MACHINE,
    "document.file_key": MACHINE,
    "document.sha256": MACHINE,
    "document_page.file_key": MACHINE,
    "outgoing_mail.message_id": MACHINE,
    "outgoing_mail.to_address": "the address of the adult, a token by hand",
    "rule_fact.name": MACHINE,
    "staff_member.first_name": "an agent, named to families where it acts",
    "staff_member.last_name": "an agent, named to families where it acts",
    "change_request.reference": MACHINE,
    "change_request.submission_key": MACHINE,
    "opening.closed_reason": TOWN,
    "presence_type.name": TOWN,
    "presence_type.rule_name": MACHINE,
    "presence_type.short_name": TOWN,
    "booking_draft.key": MACHINE,
    "change_line.field": MACHINE,
    "allotment.seed": MACHINE,
    "allotment.criteria": TOWN,
    "allotment.rulebook_fingerprint": MACHINE,
    "allotment.author_name": "an agent, named to families where it acts",
    "allotment_rank.inputs": "copies of the facts that the règlement reads, for the calculation alone",
    "booking_draft.override_reason": "an agent writes it; read again on the request",
    "calendar_feed.token_hash": SECRET,
    "child_group.name": TOWN,
    "closure.cause": MACHINE,
    "closure.reason": TOWN,
    "closure.author_name": "an agent, named to families where it acts",
    "custody_swap.submission_key": MACHINE,
    "enrolment_request.reference": "given to the family and asked on the telephone, no secret",
    "enrolment_request.submission_key": MACHINE,
    "booking_draft.default_week": "numbers and dates of what a parent is choosing",
    "attendance.author_name": "an agent, named to the team",
    "offline_mark.key": MACHINE,
    "offline_mark.device": MACHINE,
    "offline_mark.reason": "a sentence of the portal, about nobody",
    "offline_mark.author_name": "an agent, named to the team",
    "offline_mark.met_name": "an agent, named to the team",
    "offline_mark.settled_by_name": "an agent, named to the team",
    "billing_run.author_name": "an agent, named to the office",
    "billing_run.issued_by_name": "an agent, named to the office",
    "invoice.reference": "printed on the bill, no secret",
    "line_dispute.answered_by_name": "an agent, named to families where it acts",
    "payment.author_name": "an agent, named to the office",
    "payment.cancelled_by_name": "an agent, named to the office",
    "payment.submission_key": MACHINE,
    "deposit_slip.reference": "of the town's own bank",
    "deposit_slip.author_name": "an agent, named to the office",
    "deposit_slip.submission_key": MACHINE,
    "mandate.reference": "printed on the bank statement of the family, no secret",
    "mandate.iban_end": "four figures, by which the family knows its account",
    "mandate.creditor_identifier": TOWN,
    "mandate.creditor_name": TOWN,
    "mandate.submission_key": MACHINE,
    "mandate.author_name": "an adult of the household or an agent, named to both",
    "mandate.accepted_by_name": "an agent, named to the office",
    "mandate.ended_by_name": "an adult of the household or an agent, named to both",
    "debit_batch.creditor_identifier": TOWN,
    "debit_batch.creditor_name": TOWN,
    "debit_batch.iban": TOWN,
    "debit_batch.bic": TOWN,
    "debit_batch.submission_key": MACHINE,
    "debit_batch.author_name": "an agent, named to the office",
    "debit_batch.abandon_reason": "an agent writes it of a whole batch",
    "debit.end_to_end": MACHINE,
    "debit.reject_code": MACHINE,
    "regie.creditor_identifier": TOWN,
    "regie.creditor_name": TOWN,
    "refund.author_name": "an agent, named to the office",
    "refund.cancelled_by_name": "an agent, named to the office",
    "refund.submission_key": MACHINE,
    "online_payment.key": MACHINE,
    "online_payment.refdet": "printed on the bank statement of the family, no secret",
    "online_payment.operation": MACHINE,
    "online_payment.client": TOWN,
    "online_payment.result_code": MACHINE,
    "online_payment.authorisation": MACHINE,
    "online_payment.answer": "what the payment service said, kept for the accountant",
    "reminder_level.subject": TOWN,
    "reminder_level.text": TOWN,
    "treasury_import.file_name": "of the town's own file",
    "treasury_import.fingerprint": MACHINE,
    "treasury_import.author_name": "an agent, named to the office",
    "second_factor.secret": "sealed, shown once to its owner",
    "recovery_code.code_hash": SECRET,
    "user_session.device": "the browser of the account, read by its owner alone",
    "kitchen.name": TOWN,
    "production_step.name": TOWN,
    "meal_count.step_name": TOWN,
    "meal_count_line.class_name": TOWN,
    "meal_count_line.diet": "one word of the town's list for so many children, of nobody",
    "menu_dish.name": TOWN,
    "menu_dish.allergens": TOWN,
    "conversation.reference": MACHINE,
    "message.author_name": "an adult of the household, or an agent, to the other side",
    "message.submission_key": MACHINE,
    "message_file.file_key": MACHINE,
    "announcement.subject": TOWN,
    "announcement.text": TOWN,
    "announcement.audience": TOWN,
    "announcement.author_name": "an agent, named to the office",
    "announcement.submission_key": MACHINE,
    "news.title": TOWN,
    "news.text": TOWN,
    "mail_text.subject": TOWN,
    "mail_text.opening": TOWN,
    "mail_text.closing": TOWN,
    "audit_seal.salt": MACHINE,
    "audit_seal.content_hash": MACHINE,
    "audit_seal.chain_hash": MACHINE,
    "billing_run.problem": "a sentence about the règlement, for the office",
    "activity.product_code": TOWN,
    "regie.payfip_client": TOWN,
    "regie.treasury_post": TOWN,
    "regie.collectivity_code": TOWN,
    "regie.budget_code": TOWN,
    "regie.accounting_article": TOWN,
    "regie.name": TOWN,
    "regie.code": TOWN,
    "regie.address": TOWN,
    "regie.phone": TOWN,
    "regie.email": TOWN,
    "regie.payment_terms": TOWN,
    "regie.iban": TOWN,
    "regie.bic": TOWN,
    "booking_request.reference": "given to the family and asked on the telephone, no secret",
}


def text_columns(metadata: sa.MetaData = db.metadata) -> set[str]:
    """Every column of the models that holds a text of any length, sealed ones and JSON too."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (sa.String, sa.JSON, SealedText)) and not isinstance(column.type, sa.Enum)
    }


@dataclass(frozen=True, slots=True)
class Canary:
    """A text that stands once in the whole town."""

    token: str
    column: str
    owner: str
    readers: frozenset[Reader]


class Canaries:
    """The town and its tokens. `hostile` adds a piece of HTML to each where the column is long enough."""

    def __init__(self, world: World, *, hostile: bool = False) -> None:
        self.world, self.hostile = world, hostile
        self.known: dict[str, Canary] = {}
        self.numbers: dict[str, Canary] = {}  # as a page writes them, without spaces
        self._numbers = itertools.count(1)
        self.owners: dict[tuple[str, int], str] = {}
        self.users: dict[Reader, Any] = {}
        self._families()
        self._children()
        self._papers()
        self._staff()
        self._fill()

    # Tokens

    def token(self, column: str, owner: str, audience: Audience, length: int = 7) -> str:
        """A new unique text of a column, at most `length` characters unless seven are too many."""
        text = f"qx{next(self._numbers):04d}z"
        self.known[text] = Canary(text, column, owner, readers(audience, owner))
        return text + SVG if self.hostile and length >= len(text + SVG) else text

    # The town

    def _families(self) -> None:
        world = self.world
        self.a, self.b, self.c = (world.household(name) for name in ("SOLIGNAC", "MARTIN", "DUBOIS"))
        for letter, household in (("A", self.a), ("B", self.b), ("C", self.c)):
            self.owners["household", household.id] = letter
        for name, household in (("claire", self.a), ("paul", self.a), ("karim", self.b), ("zoe", self.c)):
            email = f"{self.token('user_account.email', name, A.CONTACT)}@example.org"
            user = world.parent(household, name.capitalize(), email=email)
            self.users[ADULTS[name]] = user
            guardian = world.one(db.select(models.Guardian).where(models.Guardian.user_id == user.id))
            self.owners["guardian", guardian.id] = name
            self.owners["user", user.id] = name
            setattr(self, name, guardian)

    def _children(self) -> None:
        world = self.world
        days = weekdays(date(2027, 1, 4), date(2027, 2, 26))
        self.schools = [world.canteen(days, name=f"École {number}") for number in (1, 2)]
        for name, household, school in (
            ("leo", self.a, 0), ("marie", self.a, 0), ("nino", self.b, 1), ("tom", self.c, 1)
        ):  # fmt: skip
            child = world.child(household, name.capitalize())
            self.owners["child", child.id] = name
            setattr(self, name, child)
            canteen = self.schools[school]
            world.enrol(child, canteen.facility, group_name="x")
            health = {
                one.name: self.token("medical_record.content", name, A.HEALTH, one.length)
                for one in FIELDS
                if one.section is FileSection.CHILD_MEDICAL and one.kind in (FieldKind.TEXT, FieldKind.LINE)
            }
            world.health(child, **health)
            world.pick_up(child)
            school_class = world.add(
                models.SchoolClass(facility_id=canteen.facility.id, school_year=2026, name=name, teacher="x")
            )
            self.owners["school_class", school_class.id] = name
            world.add(
                models.Schooling(
                    child_id=child.id, school_year=2026, facility_id=canteen.facility.id,
                    level=SchoolLevel.CE1, class_id=school_class.id,
                )
            )  # fmt: skip
        world.share(self.leo, self.b)
        question = world.question()
        for child in (self.leo, self.marie, self.nino, self.tom):
            world.answer(child, question, is_allowed=True)

    def _papers(self) -> None:
        world = self.world
        kind = world.add(models.DocumentCategory(name="Revenus", owner=DocumentOwner.HOUSEHOLD))
        for letter, household, adult, child, school in (
            ("A", self.a, self.claire, self.marie, 0),
            ("B", self.b, self.karim, self.nino, 1),
            ("C", self.c, self.zoe, self.tom, 1),
        ):
            user = next(one for one in self.users.values() if one.id == adult.user_id)
            number = f"{QUOTIENTS[letter] // 100},{QUOTIENTS[letter] % 100}"
            column = "quotient_familial.value_hundredths"
            self.numbers[number] = Canary(number, column, letter, readers(A.PAPERS, letter))
            world.add(
                models.QuotientFamilial(
                    household_id=household.id, value_hundredths=QUOTIENTS[letter], source="x",
                    valid_from=date(2026, 1, 1), created_at=world.now,
                )
            )  # fmt: skip
            world.rule_fact(household, "agent", "oui")
            content = self.token("the file of a document", letter, A.FILES).encode()
            with world.app.app_context():
                (file_key,) = document_store.save_all([b"%PDF-1.7 " + content])
            world.sent_document(household, kind, sender_user_id=user.id, file_key=file_key)
            world.document(household, kind, state=DocumentState.REFUSED, reason="x")
            world.add(
                models.FormerAddress(
                    household_id=household.id, address="x", address_extra="x", postcode="x", city="x",
                    residency=household.residency, valid_from=date(2020, 1, 1), valid_to=date(2022, 1, 1),
                ),
                models.Certification(
                    household_id=household.id, author_user_id=user.id, author_name="x",
                    channel=Channel.PORTAL, certified_at=world.now, valid_until=date(2027, 8, 31),
                ),
                models.EmailChange(user_id=user.id, new_email="x@example.org", created_at=world.now),
                models.OutgoingMail(
                    kind=MailKind.BOOKING_RECEIPT, state=MailState.ABANDONED, message_id=f"<{letter}@x>",
                    to_address=user.email, user_id=user.id, household_id=household.id, subject="x", text="x",
                    html="x", last_error="x", created_at=world.now, next_attempt_at=world.now,
                ),
            )  # fmt: skip
            self._bookings(letter, household, user, child, school)
            self._changes(letter, household, user, adult, child)
            self._messages(letter, household)
            self._money(letter, household, user, [self.leo, child] if letter in "AB" else [child])
        world.add(
            models.CustodyException(
                child_id=self.leo.id, household_id=self.b.id, first_day=date(2027, 1, 20),
                last_day=date(2027, 1, 21), reason="x",
            ),
            models.CustodySwap(
                child_id=self.leo.id, household_id=self.a.id, to_household_id=self.b.id,
                given_first=date(2027, 1, 27), given_last=date(2027, 1, 27), state=SwapState.REFUSED,
                author_user_id=self.users[Reader.CLAIRE].id, author_name="x", submission_key="x",
                created_at=world.now, answered_at=world.now, answered_by_name="x",
            ),
        )  # fmt: skip

    def _bookings(self, letter: str, household: Any, user: Any, child: Any, school: int) -> None:
        world, canteen = self.world, self.schools[school]
        booking = world.booking(household, child, canteen.openings[8], canteen.meal)
        (today,) = (one for one in canteen.openings if one.day == world.now.date())
        world.booking(household, child, today, canteen.meal)  # on the lists of the day
        request = world.add(
            models.BookingRequest(
                reference=f"R-{letter * 4}-{letter * 4}", household_id=household.id, author_user_id=user.id,
                author_name="x", channel=Channel.PORTAL, created_at=world.now,
            )
        )  # fmt: skip
        self.owners["booking_request", request.id] = letter
        for state in (LineState.REFUSED, LineState.PENDING):
            world.add(
                models.BookingRequestLine(
                    request_id=request.id, booking_id=booking.id, child_id=child.id, state=state,
                    facility_id=canteen.facility.id, opening_id=booking.opening_id, day=booking.day,
                    presence_type_id=canteen.meal.id, action=LineAction.BOOK, price_cents=320,
                    explanation=["x"], reason="x" if state is LineState.REFUSED else "",
                )
            )  # fmt: skip

    def _messages(self, letter: str, household: Any) -> None:
        """What the family and the service as a whole wrote to each other, with a file; one waits."""
        for texts in (("x", "x"), ("x",)):
            conversation = self.world.conversation(household, *texts)
            joined = self.world.joined_file(conversation)
            self.owners["message_file", joined.id] = letter
            written = db.select(models.Message).where(models.Message.conversation_id == conversation.id)
            self.owners |= {("message", one.id): letter for one in self.world.all(written)}

    def _money(self, letter: str, household: Any, user: Any, children: Iterable[Any]) -> None:
        """A bill with a line for each child, paid in part; a payment that bounced, money given back."""
        world, place = self.world, self.schools[0 if letter == "A" else 1]
        regie = world.regie(f"Régie {letter}")

        def word(column: str, length: int = 120) -> str:
            return self.token(column, letter, A.PAPERS, length)

        lines = [
            {
                "label": word("invoice_line.label"), "amount_cents": 500, "child_id": child.id,
                "activity_id": place.activity.id, "explanation": [word("invoice_line.explanation", 500)],
            }
            for child in children
        ]  # fmt: skip
        bill = world.invoice(
            regie, household, date(2026, 12, 1), lines, recipient_name=word("invoice.recipient_name"),
            recipient_address=word("invoice.recipient_address"),
        )  # fmt: skip
        world.dispute(bill, user, message="x")
        paid = world.payment(
            regie, household, 300, reference=word("payment.reference"), allocated_cents=100, refunded_cents=50
        )
        world.payment(
            regie, household, 700, state=PaymentState.BOUNCED, cancelled_at=world.now, cancelled_by_name="x",
            reference=word("payment.reference"), cancel_reason=word("payment.cancel_reason", 300),
        )  # fmt: skip
        signs = world.one(db.select(models.Guardian).where(models.Guardian.user_id == user.id))
        world.mandate(
            regie, household, signs, holder_name=word("mandate.holder_name", 70), state=MandateState.REVOKED,
            iban=self.token("mandate.iban", self.owners["guardian", signs.id], A.BANK, 34),
            ended_at=world.now, end_reason=word("mandate.end_reason", 300),
        )  # fmt: skip
        with world.app.app_context(), write_transaction() as session:
            session.add(models.PaymentAllocation(payment_id=paid.id, invoice_id=bill.id, amount_cents=100))
            row = session.get_one(models.Invoice, bill.id)
            row.settled_cents, row.state = 100, InvoiceState.PARTIAL
            refund = models.Refund(
                payment_id=paid.id, amount_cents=50, method=PaymentMethod.TRANSFER, reason="x",
                refunded_on=world.now.date(), submission_key=letter, author_name="x", created_at=world.now,
            )  # fmt: skip
            session.add(refund)
            session.flush()
            self.owners["refund", refund.id] = letter

    def _changes(self, letter: str, household: Any, user: Any, adult: Any, child: Any) -> None:
        """Changes that wait, and ones that were refused, of each kind of sheet."""
        name, who = self.owners["child", child.id], self.owners["guardian", adult.id]
        subjects = (
            (FileSection.HOUSEHOLD_ADDRESS, letter, A.ADDRESS, "address", {}),
            (FileSection.ADULT_CONTACT, who, A.CONTACT, "workplace", {"guardian": adult}),
            (FileSection.ADULT_BANK, who, A.BANK, "iban", {"guardian": adult}),
            (FileSection.CHILD_DIET, name, A.CARE, "diet_note", {"child": child}),
            (FileSection.CHILD_MEDICAL, name, A.HEALTH, "treatment", {"child": child}),
        )
        for section, owner, audience, field_name, subject in subjects:
            for state in (ChangeState.PENDING, ChangeState.REFUSED):
                seen = self.token("change_line.seen_value", owner, audience, 200)
                wanted = self.token("change_line.wanted_value", owner, audience, 200)
                reason = "" if state is ChangeState.PENDING else "x"
                lines = {field_name: (seen, wanted)}
                request = self.world.change(
                    household, user, section, lines, state=state, reason=reason, **subject
                )
                self.owners["change_request", request.id] = owner
        person = Person(*(self.token("change_line.wanted_value", name, A.CARE, 80) for _ in range(2)))
        self.world.change(
            household, user, FileSection.CHILD_PEOPLE,
            {f"{ADDED_PERSON_FIELD}:1": (None, person_to_text(person))}, child=child,
        )  # fmt: skip

    def _staff(self) -> None:
        world = self.world
        first, second = (canteen.facility for canteen in self.schools)
        self.users |= {
            R.RECEPTION: world.staff(StaffRole.RECEPTION),
            R.MEDICAL: world.staff(StaffRole.RECEPTION, can_read_medical=True),
            R.DIRECTOR_1: world.staff(StaffRole.DIRECTOR, [first]),
            R.DIRECTOR_2: world.staff(StaffRole.DIRECTOR, [second]),
            R.LEADER_1: world.staff(StaffRole.LEADER, [first]),
            R.LEADER_2: world.staff(StaffRole.LEADER, [second]),
            R.COLLECTOR: world.staff(StaffRole.COLLECTOR),
            R.ADMINISTRATOR: world.staff(),
            R.OBSERVER: world.staff(StaffRole.RECEPTION),
        }

    def sign_in(self, client: StrictClient, reader: Reader) -> None:
        client.sign_in(self.users[reader])
        if reader is R.OBSERVER:
            with client.session_transaction() as cookie:
                cookie[OBSERVED] = self.claire.id

    # A token in every column of TABLE

    def _fill(self) -> None:
        tables = {mapper.local_table.name: mapper.class_ for mapper in db.Model.registry.mappers}
        with self.world.app.app_context(), write_transaction() as session:
            session.get_one(models.Guardian, self.zoe.id).has_secret_contact = True
            for place, audience in TABLE.items():
                table, column = place.split(".")
                if table in FROZEN:
                    continue
                for row in session.scalars(sa.select(tables[table])).all():
                    if getattr(row, column) not in (None, "") or table in (
                        "household",
                        "guardian",
                        "child",
                        "document",
                        "household_guardian",
                    ):
                        self._put(session, row, table, column, audience)

    def _put(self, session: Session, row: Any, table: str, column: str, audience: Audience) -> None:
        kind = type(row).__table__.columns[column].type
        owner = self._owner(session, row, table)
        text = self.token(f"{table}.{column}", owner, audience, getattr(kind, "length", None) or 500)
        if column in ("email", "new_email"):
            text = f"{text.removesuffix(SVG)}@example.org"
        setattr(row, column, [text] if isinstance(kind, sa.JSON) else text)

    def _owner(self, session: Session, row: Any, table: str) -> str:
        """Whose a row is: its own subject, else what it points to."""
        own = self.owners.get((table, getattr(row, "id", None)))
        if own is not None:
            return own
        if table == "change_line":
            return self.owners.get(("change_request", row.request_id)) or self._owner(
                session, session.get_one(models.ChangeRequest, row.request_id), "change_request"
            )
        if table == "booking_request_line":
            return self.owners["child", row.child_id]
        for column in OWNERS:
            number = getattr(row, column, None)
            if number is not None:
                return self.owners[column.removesuffix("_id"), number]
        return self.owners["user", row.user_id]
