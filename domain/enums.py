"""Closed lists of the product: every state and kind that a column or a rule may hold.

Values are stored in the database and appear in rule files: they are never renamed.
The French label of each value lives in `domain.labels`.
"""

from enum import StrEnum


class AccountStatus(StrEnum):
    """Life of a sign-in account (S01, S12, S112)."""

    CLOSED = "closed"  # the file exists, no access was opened
    INVITED = "invited"  # the activation mail was asked for, the address is not proven
    ACTIVE = "active"
    SUSPENDED = "suspended"


class AccountKind(StrEnum):
    FAMILY = "family"
    STAFF = "staff"


class StaffRole(StrEnum):
    RECEPTION = "reception"  # accueil : every household, every facility
    DIRECTOR = "director"  # direction : the requests of its own facilities
    ADMINISTRATOR = "administrator"
    COLLECTOR = "collector"  # régie : bills and money of every household
    LEADER = "leader"  # animation : the children of a day in its own facilities


class SessionKind(StrEnum):
    FULL = "full"
    RESTRICTED = "restricted"  # opened by a provisional password: may only choose a new one
    CODE_AWAITED = "code_awaited"  # the password was right: may only give the code of the second factor


class Channel(StrEnum):
    """How an act reached the service (S06, S116)."""

    PORTAL = "portal"
    PHONE = "phone"
    COUNTER = "counter"
    MAIL = "mail"
    PAPER = "paper"
    SYSTEM = "system"


class FacilityKind(StrEnum):
    SCHOOL = "school"
    LEISURE_CENTRE = "leisure_centre"


class ValidationMode(StrEnum):
    """Who accepts a request that respects the rules (S106)."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class ActivityKind(StrEnum):
    """Chooses the pictogram and the word; holds no rule."""

    MORNING = "morning"
    MEAL = "meal"
    EVENING = "evening"
    DAY = "day"


class BookingState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    REQUESTED = "requested"  # a wish of a request-then-allot period: it holds no place yet (R17)
    OFFERED = "offered"  # a place came free: held for the family until its answer (R18)


class PlacesMode(StrEnum):
    """How the places of a booking period are given (R17)."""

    FIRST_COME = "first_come"
    ALLOTMENT = "allotment"


class WeekParity(StrEnum):
    """The weeks of a default week, by ISO number (R21)."""

    ALL = "all"
    EVEN = "even"
    ODD = "odd"


class EnrolmentState(StrEnum):
    """Life of a request to enrol a child (R17)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SwapState(StrEnum):
    """Life of an exchange of days between two households (R02)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LineAction(StrEnum):
    BOOK = "book"
    CANCEL = "cancel"


class LineState(StrEnum):
    """Outcome of one line of a request (S99)."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    WAITING = "waiting"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What a rule answers to an act at a given moment (primitive P3), in the words of the rulebook file."""

    FREE = "libre"
    EXTRA = "supplement"
    ON_REQUEST = "sur_demande"
    REFUSE = "refus"


class Availability(StrEnum):
    """What a day offers, whoever asks (S92)."""

    AVAILABLE = "available"
    LAST_PLACES = "last_places"
    FULL = "full"
    WAITING_LIST = "waiting_list"
    CLOSED = "closed"


class Residency(StrEnum):
    RESIDENT = "resident"
    NON_RESIDENT = "non_resident"


class MailState(StrEnum):
    """Life of a mail in the outbox (S118)."""

    QUEUED = "queued"
    SENT = "sent"
    BOUNCED = "bounced"  # refused for good by the mail server
    ABANDONED = "abandoned"  # no server took it within the retry window


class MailSecurity(StrEnum):
    """How the conversation with the mail server is kept from others."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class MailKind(StrEnum):
    ACTIVATION = "activation"
    PROVISIONAL_PASSWORD = "provisional_password"  # noqa: S105  a kind of mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a kind of mail
    BOOKING_RECEIPT = "booking_receipt"
    BOOKING_DECISION = "booking_decision"
    CHANGE_DECISION = "change_decision"
    DOCUMENT_DECISION = "document_decision"
    DOCUMENT_EXPIRY = "document_expiry"
    EMAIL_CHANGE = "email_change"  # to the new address, with the link that proves it
    EMAIL_CHANGE_NOTICE = "email_change_notice"  # to the old address
    EMAIL_CHANGED = "email_changed"  # to both, once proven
    PLACE_OFFER = "place_offer"  # a place came free, with the moment until which it is held
    PLACE_LOST = "place_lost"  # an offer without answer, or a waiting list that ends
    CLOSURE = "closure"
    ABSENCE_RECEIPT = "absence_receipt"
    ALLOTMENT_RESULT = "allotment_result"
    ENROLMENT_DECISION = "enrolment_decision"
    CUSTODY_SWAP = "custody_swap"
    BOOKING_REMINDER = "booking_reminder"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_REMINDER = "invoice_reminder"
    DISPUTE_DECISION = "dispute_decision"
    DISPUTE_RECEIVED = "dispute_received"  # to the service
    PAYMENT_RECEIPT = "payment_receipt"
    PAYMENT_BOUNCED = "payment_bounced"
    QUOTIENT_WARNING = "quotient_warning"
    MESSAGE_RECEIVED = "message_received"  # a message waits on the portal, of which nothing is said
    SERVICE_MESSAGE = "service_message"  # to the service: a family wrote
    ANNOUNCEMENT = "announcement"  # the same words to many families
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    NEW_DEVICE = "new_device"  # a sign-in from a browser that the account was never open in
    DEBIT_NOTICE = "debit_notice"  # a direct debit is announced: amount and day
    DEBIT_WITHDRAWN = "debit_withdrawn"  # what was announced will not be debited
    MANDATE_CHANGED = "mandate_changed"  # accepted, or ended
    ERASURE_NOTICE = "erasure_notice"  # the file of a family will be erased
    ATTENTION = "attention"  # to the administrators: something needs a person


class DocumentOwner(StrEnum):
    """Whom a supporting document concerns (S70)."""

    HOUSEHOLD = "household"
    CHILD = "child"
    EITHER = "either"  # the family record book proves the link for all or for one


class DocumentState(StrEnum):
    """Life of a document that a family sent (S72)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class DocumentEffect(StrEnum):
    """What accepting a document does to the file (S65, S73)."""

    NONE = "none"
    QUOTIENT = "quotient"  # opens a dated quotient familial
    ABSENCE = "absence"  # justifies booked days


class DocumentValidity(StrEnum):
    """Until when an accepted document serves."""

    LASTING = "lasting"
    MONTHS = "months"  # so many months from the day written on it
    SCHOOL_YEAR = "school_year"  # until 31 August
    CALENDAR_YEAR = "calendar_year"  # until 31 December


class AbsenceKind(StrEnum):
    """The three proofs of the guide (S69)."""

    MEDICAL = "medical"
    CIVIL_ACT = "civil_act"
    PARENT_WORK = "parent_work"


class AbsenceState(StrEnum):
    DECLARED = "declared"
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


class AttendanceMark(StrEnum):
    """What the team of a facility saw on a day (R30)."""

    PRESENT = "present"
    ABSENT = "absent"


class OfflineState(StrEnum):
    """What became of a mark made without a network (R31)."""

    APPLIED = "applied"
    CONFLICT = "conflict"  # somebody else marked the child meanwhile: both are kept until an agent decides
    SETTLED = "settled"
    SUPERSEDED = "superseded"  # the same phone marked the child again
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"  # a refusal that an agent read


class RunState(StrEnum):
    """Where the billing of a month by a régie stands (R42)."""

    PREPARING = "preparing"  # asked for: the worker makes the draft
    DRAFT = "draft"
    ISSUED = "issued"


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"  # avoir: corrects an issued invoice, which never changes


class InvoiceState(StrEnum):
    """S58, S59. What may follow what: `domain.ledger.INVOICE_TRANSITIONS`."""

    DRAFT = "draft"
    CARRIED = "carried"  # under the minimum of the règlement: its amount goes on the next bill
    UNSETTLED = "unsettled"  # « non soldée – en attente de confirmation du Trésor public »
    PAYING = "paying"  # an online payment has begun and no answer came yet
    PAID_ONLINE = "paid_online"
    PARTIAL = "partial"
    SETTLED = "settled"
    CANCELLED = "cancelled"  # a credit note took all of it back


class InvoiceLineKind(StrEnum):
    PRESENCE = "presence"
    ABSENCE = "absence"  # what stays due of a day on which the child did not come, by the règlement
    ADJUSTMENT = "adjustment"  # a total of the règlement: a package, a cap, a discount of the whole bill
    CARRIED = "carried"  # a bill that was too small to be issued
    CORRECTION = "correction"  # takes back or completes a line of an issued bill


class FindingKind(StrEnum):
    """What the checks of a draft found (R42)."""

    UNMARKED = "unmarked"
    UNPRICED = "unpriced"
    NO_REGIE = "no_regie"
    QUOTIENT = "quotient"
    UNUSUAL = "unusual"
    NEGATIVE = "negative"
    DIFFERENCE = "difference"


class DisputeState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class PaymentMethod(StrEnum):
    """How money reached the régie or the Treasury (R46)."""

    CASH = "cash"
    CHEQUE = "cheque"
    CESU = "cesu"
    ANCV = "ancv"
    TRANSFER = "transfer"
    TREASURY = "treasury"  # by letter or at the counter of the Treasury
    ONLINE_CARD = "online_card"
    ONLINE_DEBIT = "online_debit"  # a direct debit ordered online: the bank may still refuse it
    DIRECT_DEBIT = "direct_debit"  # collected by the régie with a SEPA mandate of the family


class PaymentState(StrEnum):
    VALID = "valid"
    CANCELLED = "cancelled"  # entered by mistake
    BOUNCED = "bounced"  # the bank refused it: a cheque without funds, a direct debit sent back


class MandateState(StrEnum):
    """Life of a SEPA mandate (R46)."""

    WAITING = "waiting"  # signed by the family, not checked by the régie
    ACTIVE = "active"
    REVOKED = "revoked"
    LAPSED = "lapsed"  # not used for 36 months


class BatchState(StrEnum):
    """Life of a batch of direct debits (R46)."""

    DRAFT = "draft"
    PREPARED = "prepared"  # its file was taken: it never changes any more
    SETTLED = "settled"
    ABANDONED = "abandoned"


class DebitState(StrEnum):
    PLANNED = "planned"
    COLLECTED = "collected"
    REJECTED = "rejected"
    DROPPED = "dropped"  # it left its batch before the bank saw it, or with the whole batch


class DebitSequence(StrEnum):
    """Words of the bank: the first debit of a mandate, then each other one."""

    FIRST = "FRST"
    RECURRENT = "RCUR"


class OnlineMode(StrEnum):
    """How a régie takes payments online (S57, R45)."""

    OFF = "off"
    TEST = "test"  # no money moves
    ACTIVATION = "activation"  # the run that the Treasury checks before it opens the service
    PRODUCTION = "production"


class OnlineState(StrEnum):
    """Of one attempt to pay online. What may follow what: `domain.ledger.ONLINE_TRANSITIONS` (S60, R45)."""

    CREATED = "created"  # kept here, the payment service not asked yet
    PENDING = "pending"  # the parent was sent to the payment page
    PAID = "paid"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the service does not know it, or not any more
    TO_CHECK = "to_check"  # an answer that nobody here understands, or that does not fit what was asked


class FileSection(StrEnum):
    """The forms of the family file: one section, one « Valider » (S33)."""

    HOUSEHOLD_ADDRESS = "household_address"
    HOUSEHOLD_SITUATION = "household_situation"
    ADULT_IDENTITY = "adult_identity"
    ADULT_CONTACT = "adult_contact"
    ADULT_BANK = "adult_bank"
    CHILD_IDENTITY = "child_identity"
    CHILD_MEDICAL = "child_medical"
    CHILD_DIET = "child_diet"
    CHILD_PEOPLE = "child_people"
    CHILD_AUTHORISATIONS = "child_authorisations"


class SubjectKind(StrEnum):
    """Whose field a change is about."""

    HOUSEHOLD = "household"
    GUARDIAN = "guardian"
    CHILD = "child"
    PERSON = "person"  # somebody who may fetch the child


class ChangeState(StrEnum):
    """Life of a declared change (S34 to S36)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"  # the family declared another value before the answer


class ChoiceList(StrEnum):
    """The lists of words that the service edits (S32, S45)."""

    FAMILY_SITUATION = "family_situation"
    RELATIONSHIP = "relationship"
    DIET = "diet"


class CustodySplit(StrEnum):
    """How two households share school holidays (R02)."""

    WEEKS = "weeks"  # the weeks go on
    HALVES = "halves"
    FORTNIGHTS = "fortnights"


class SchoolLevel(StrEnum):
    TPS = "TPS"
    PS = "PS"
    MS = "MS"
    GS = "GS"
    CP = "CP"
    CE1 = "CE1"
    CE2 = "CE2"
    CM1 = "CM1"
    CM2 = "CM2"
    ULIS = "ULIS"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class SocialFund(StrEnum):
    """Who pays the family allowances, hence who certifies the quotient."""

    CAF = "caf"
    MSA = "msa"
    OTHER = "other"


class SchoolZone(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    CORSICA = "corsica"
    OTHER = "other"  # overseas: filled by the import of an ICS file


class HolidayVariant(StrEnum):
    """Which public holidays apply (R10); the value is the library's subdivision code."""

    METROPOLE = "metropole"
    ALSACE_MOSELLE = "57"
    GUADELOUPE = "GP"
    MARTINIQUE = "MQ"
    GUYANE = "973"
    REUNION = "RE"
    MAYOTTE = "YT"
    SAINT_BARTHELEMY = "BL"
    SAINT_MARTIN = "MF"
    SAINT_PIERRE_ET_MIQUELON = "PM"


class ConversationState(StrEnum):
    """A conversation between a family and the service (R52); whoever writes opens it again."""

    OPEN = "open"
    CLOSED = "closed"


class Allergen(StrEnum):
    """What a menu declares: annex II of the European regulation 1169/2011 (R34); stored with the dishes."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOYBEANS = "soybeans"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"
