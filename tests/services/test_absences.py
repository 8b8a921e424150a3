"""A child who will not come: cancelled while that is free, else an absence and what stays due (R23, S73)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.enums import (
    AbsenceKind,
    AbsenceState,
    BookingState,
    DocumentEffect,
    DocumentOwner,
    LineState,
    MailKind,
    ValidationMode,
)
from domain.errors import NotFound, Refused
from models import (
    Absence,
    AuditEvent,
    Booking,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    DocumentCategory,
    OutgoingMail,
)
from services import absences, closures, documents, facilities
from services.absences import Declared, Teller, Wish
from services.accounts import Author
from services.documents import Acceptance, Sending, Upload
from tests import document_files
from tests import rulebook_texts as written
from tests.school_family import SchoolFamily

# It is Tuesday 12 January 2027, 10 h: Thursday may still be cancelled, today not.
TUESDAY, THURSDAY, FRIDAY = date(2027, 1, 12), date(2027, 1, 14), date(2027, 1, 15)


@pytest.fixture
def family(world):
    return SchoolFamily(world)


@pytest.fixture
def ruled(family):
    """The town of most absence rules: 48 hours for a certificate."""
    written.add_absences(family.world.rulebook, family.canteen.activity.rule_name)
    family.world.write_rulebook()
    return family


def never_cancelled(family):
    family.world.limits(family.canteen.activity, "annuler", written.NEVER)


def teller(family):
    return Teller(family.claire.id, (family.household.id,), "Claire SOLIGNAC")


def declare(family, first=TUESDAY, last=None, kind=None, child=None, now=None, who=None):
    wish = Wish((child or family.leo).id, first, last or first, kind)
    with family.world.app.app_context():
        return absences.declare(who or teller(family), wish, now or family.world.now)


def take_back(family, day=TUESDAY, now=None):
    with family.world.app.app_context():
        return absences.take_back(teller(family), family.leo.id, day, now or family.world.now)


def bookings(family):
    return family.world.all(select(Booking).order_by(Booking.day, Booking.id))


def due(family):
    """What each booking costs, in the order of days."""
    return [one.price_cents if one.due_cents is None else one.due_cents for one in bookings(family)]


def history(family):
    rows = family.world.all(select(BookingEvent).order_by(BookingEvent.id))
    return [(one.actor_name, one.state, one.reason.replace("\xa0", " ")) for one in rows]


# --- Declaring ----------------------------------------------------------------------------------------------


def test_in_time_the_day_is_cancelled_for_free_by_a_request(family):
    family.book(family.leo, THURSDAY)
    assert declare(family, THURSDAY) == Declared(cancelled=1, asked=0, absent=0, due_cents=0)
    (booking,) = bookings(family)
    assert (booking.state, booking.due_cents) == (BookingState.CANCELLED, 0)
    assert family.world.one(BookingRequestLine).state is LineState.ACCEPTED
    assert family.world.one(OutgoingMail).kind is MailKind.BOOKING_RECEIPT
    assert family.world.all(Absence) == []
    assert family.world.one(BookingRequest)


def test_too_late_the_absence_is_told_and_the_price_stays_due_without_rule(family):
    family.book(family.leo, TUESDAY)
    assert declare(family) == Declared(0, 0, 1, 320)
    absence, (booking,) = family.world.one(Absence), bookings(family)
    assert (absence.state, absence.kind, absence.author_name) == (
        AbsenceState.DECLARED,
        None,
        "Claire SOLIGNAC",
    )
    assert (booking.state, booking.due_cents) == (BookingState.ACCEPTED, None)
    said = "Le règlement ne prévoit pas de remise en cas d’absence : 3,20 € restent dus."
    assert history(family) == [("Claire SOLIGNAC", BookingState.ACCEPTED, f"Absence. {said}")]
    mail = family.world.one(OutgoingMail)
    assert mail.kind is MailKind.ABSENCE_RECEIPT
    assert said in mail.text.replace("\xa0", " ")
    (event,) = family.world.all(select(AuditEvent).where(AuditEvent.action == "absence.declared"))
    assert event.after["days"] == ["2027-01-12"]


def test_a_second_tap_changes_nothing(family):
    family.book(family.leo, TUESDAY)
    family.book(family.leo, THURSDAY)
    declare(family, TUESDAY, THURSDAY)
    before = (history(family), len(family.world.all(OutgoingMail)), len(family.world.all(AuditEvent)))
    assert declare(family) == Declared(0, 0, 0, 0)
    assert (history(family), len(family.world.all(OutgoingMail)), len(family.world.all(AuditEvent))) == before


def test_several_days_each_with_its_own_end(family):
    """Today is too late, the others are free: one request for them, one absence."""
    for day in (TUESDAY, THURSDAY, FRIDAY):
        family.book(family.leo, day)
    family.book(family.marie, THURSDAY)
    assert declare(family, TUESDAY, FRIDAY) == Declared(2, 0, 1, 320)
    assert len(family.world.all(BookingRequest)) == 1
    marie = family.world.one(select(Booking).where(Booking.child_id == family.marie.id))
    assert marie.state is BookingState.ACCEPTED


def test_a_structure_that_validates_is_asked(world):
    family = SchoolFamily(world)
    with world.app.app_context():
        facilities.set_validation_mode(
            family.canteen.facility.id, ValidationMode.MANUAL, author=Author(world.staff().id), now=world.now
        )
    family.book(family.leo, THURSDAY)
    assert declare(family, THURSDAY) == Declared(0, 1, 0, 0)
    assert world.one(BookingRequestLine).state is LineState.PENDING
    assert declare(family, THURSDAY) == Declared(0, 0, 0, 0)


def test_what_is_not_the_family_s_is_not_found(family):
    other = family.world.household("MARTIN")
    stranger = Teller(family.world.parent(other).id, (other.id,), "Karim MARTIN")
    family.book(family.leo, TUESDAY)
    with pytest.raises(NotFound):
        declare(family, who=stranger)
    assert family.world.all(Absence) == []


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (date(2027, 1, 11), TUESDAY, "past"),
        (THURSDAY, TUESDAY, "order"),
        (TUESDAY, date(2027, 3, 13), "too_long"),
        (date(2027, 1, 13), date(2027, 1, 13), "nothing_booked"),
    ],
)
def test_days_that_cannot_be_declared(family, first, last, code):
    family.book(family.leo, TUESDAY)
    with pytest.raises(Refused) as refusal:
        declare(family, first, last)
    assert refusal.value.code == code


def test_each_household_tells_its_own_days(family):
    """A shared child: the other household's booking is not touched."""
    other = family.world.household("MARTIN")
    family.world.share(family.leo, other)
    family.world.booking(other, family.leo, family.opening(TUESDAY), family.canteen.meal)
    with pytest.raises(Refused) as refusal:
        declare(family)
    assert refusal.value.code == "nothing_booked"


# --- What stays due -----------------------------------------------------------------------------------------


def test_an_illness_without_proof_stays_due_until_the_certificate_is_accepted(ruled):
    ruled.book(ruled.leo, TUESDAY)
    assert declare(ruled, kind=AbsenceKind.MEDICAL).due_cents == 320
    agent = Author(ruled.world.staff().id)
    document_id = send_certificate(ruled, TUESDAY)
    assert due(ruled) == [320]
    assert "le service l’examine" in ruled.world.one(Absence).explanation[-1]
    with ruled.world.app.app_context():
        documents.accept(
            document_id, Acceptance(justified_days=(TUESDAY,)), author=agent, now=ruled.world.now
        )
    assert due(ruled) == [0]
    absence = ruled.world.one(Absence)
    assert (absence.state, absence.explanation) == (
        AbsenceState.JUSTIFIED,
        ["Maladie justifiée\xa0: rien n’est dû."],
    )
    assert history(ruled)[-1] == (
        "Agnès MARTIN",
        BookingState.ACCEPTED,
        "Absence. Maladie justifiée : rien n’est dû.",
    )


def test_a_certificate_that_comes_too_late_changes_nothing(ruled):
    """48 hours from the midnight that begins the first day."""
    ruled.book(ruled.leo, TUESDAY)
    declare(ruled)
    late = datetime(2027, 1, 13, 23, 1, tzinfo=UTC)
    document_id = send_certificate(ruled, TUESDAY, now=late)
    with ruled.world.app.app_context():
        agent = Author(ruled.world.staff().id)
        documents.accept(document_id, Acceptance(justified_days=(TUESDAY,)), author=agent, now=late)
    assert due(ruled) == [320]
    assert ruled.world.one(Absence).state is AbsenceState.JUSTIFIED


def test_a_refused_certificate_leaves_the_day_due(ruled):
    ruled.book(ruled.leo, TUESDAY)
    document_id = send_certificate(ruled, TUESDAY)
    with ruled.world.app.app_context():
        agent = Author(ruled.world.staff().id)
        documents.refuse(document_id, "Il est au nom de Marie.", author=agent, now=ruled.world.now)
    assert due(ruled) == [320]
    assert ruled.world.one(Absence).state is AbsenceState.UNJUSTIFIED


def test_a_certificate_taken_back_leaves_the_absence_that_was_told_before(ruled):
    ruled.book(ruled.leo, TUESDAY)
    declare(ruled)
    later = ruled.world.now + timedelta(minutes=5)
    document_id = send_certificate(ruled, TUESDAY, now=later)
    with ruled.world.app.app_context():
        documents.withdraw(document_id, [ruled.household.id], author=Author(ruled.claire.id), now=later)
    absence = ruled.world.one(Absence)
    assert (absence.document_id, absence.state) == (None, AbsenceState.DECLARED)


def test_a_waiting_day_counts_the_whole_absence(family):
    """The first day of an illness stays due, whenever the following ones are told."""
    rules = family.world.rulebook
    written.add_absences(rules, family.canteen.activity.rule_name)
    first_day = {"de": "1", "a": "1", "unite": "jours_reserves"}
    sick = {"nom": "maladie", "si": {"cause": "maladie"}, "du": first_day}
    rules["activites"][family.canteen.activity.rule_name]["absences"][1] = sick
    family.world.limits(family.canteen.activity, "annuler", written.NEVER)
    for day in (TUESDAY, THURSDAY, FRIDAY):
        family.book(family.leo, day)
    declare(family, TUESDAY, TUESDAY, AbsenceKind.MEDICAL)
    assert due(family) == [320, 320, 320]
    declare(family, THURSDAY, FRIDAY, AbsenceKind.MEDICAL)
    assert due(family) == [320, 0, 0]
    take_back(family, TUESDAY)
    assert due(family) == [320, 320, 0]


def test_a_certificate_taken_back_leaves_a_closed_day_free(ruled):
    """The closure gave the day back: nothing brings its price again."""
    ruled.book(ruled.leo, TUESDAY)
    document_id = send_certificate(ruled, TUESDAY)
    with ruled.world.app.app_context():
        closed = closures.Wish(ruled.canteen.facility.id, None, None, TUESDAY, TUESDAY, "")
        agent = Author(ruled.world.staff().id)
        closures.close(closed, "Grève", scope=None, author=agent, now=ruled.world.now)
        documents.withdraw(
            document_id, [ruled.household.id], author=Author(ruled.claire.id), now=ruled.world.now
        )
    (booking,) = bookings(ruled)
    assert (booking.state, booking.due_cents) == (BookingState.CANCELLED, 0)
    assert history(ruled)[-1][1:] == (BookingState.CANCELLED, "Grève")


# --- Taking back --------------------------------------------------------------------------------------------


def test_the_child_comes_after_all(ruled):
    ruled.book(ruled.leo, TUESDAY)
    declare(ruled)
    assert take_back(ruled) == 1
    assert ruled.world.all(Absence) == []
    assert history(ruled)[-1][2] == "Absence retirée : l’enfant vient."
    assert take_back(ruled) == 0
    assert declare(ruled).absent == 1


def test_not_once_the_day_is_over(family):
    family.book(family.leo, TUESDAY)
    declare(family)
    with pytest.raises(Refused) as refusal:
        take_back(family, now=datetime(2027, 1, 12, 23, 0, tzinfo=UTC))
    assert refusal.value.code == "past"


def test_not_while_a_proof_is_there(ruled):
    ruled.book(ruled.leo, TUESDAY)
    send_certificate(ruled, TUESDAY)
    with pytest.raises(Refused) as refusal:
        take_back(ruled)
    assert refusal.value.code == "has_proof"


def send_certificate(family, *days, now=None):
    category = family.world.add(
        DocumentCategory(
            name="Justificatif d’absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE
        )
    )
    sending = Sending(
        category_id=category.id,
        household_id=family.household.id,
        child_id=family.leo.id,
        upload_key="certificat-de-leo-solignac",
        files=(Upload(document_files.picture(), "certificat.jpg"),),
        absence_kind=AbsenceKind.MEDICAL,
        absence_days=days,
    )
    with family.world.app.app_context():
        return documents.submit(
            sending,
            author=Author(family.claire.id),
            author_name="Claire SOLIGNAC",
            network="essai",
            now=now or family.world.now,
        )
