"""What families of the demonstration declared and sent lately, and what the service answered: real acts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from domain.calendar import paris_now
from domain.enums import AbsenceKind, BookingState, ChangeState, FileSection, SubjectKind
from extensions import db
from models import (
    Activity,
    AuthorisedPerson,
    Booking,
    ChangeLine,
    ChangeRequest,
    Child,
    DocumentCategory,
    Enrolment,
    HouseholdChild,
    HouseholdGuardian,
)
from queries.enrolments import default_days
from services import change_requests, documents, enrolments
from services.accounts import Author
from services.booking_drafts import Author as HouseholdAuthor
from services.demo import families, papers, town
from services.demo.seed_people import Family
from services.enrolments import Wish

_NETWORK = "demo"
WEDNESDAYS = "labastide_mercredis"
_REFUSAL = "Il nous faut l’acte de naissance. Déposez-le dans vos documents, puis refaites votre demande."


@dataclass(frozen=True, slots=True)
class Sender:
    """A family as its acts name it, once its rows are written."""

    name: str
    household_id: int
    user_id: int
    author_name: str
    child_ids: tuple[int, ...]

    @property
    def author(self) -> Author:
        return Author(self.user_id)

    def by(self, key: str, at: datetime) -> dict:
        """What every declaration says of its sender."""
        return {
            "household_id": self.household_id, "author": self.author, "author_name": self.author_name,
            "submission_key": f"demo-{key}", "now": at,
        }  # fmt: skip


def senders_of(households: Sequence[Family]) -> Mapping[str, Sender]:
    """The families by their name."""
    return {
        family.spec.name: Sender(
            family.spec.name, family.household.id, family.author.user.id, family.author.name,
            tuple(family.child_ids),
        )
        for family in households
    }  # fmt: skip


# --- Changes of the files -----------------------------------------------------------------------------------


def declare_changes(senders: Mapping[str, Sender], agent_id: int, now: datetime) -> None:
    """Four that wait, two of them for more than 48 hours, and one that was refused."""
    _refused(senders[families.MAIN_FAMILY], agent_id, now - timedelta(days=9))
    _moves(senders[families.MAIN_FAMILY], now - timedelta(hours=52))
    _allergy(senders["BENALI"], now - timedelta(hours=49))
    _phone(senders["CALMON"], now - timedelta(hours=20))
    _leaves(senders["GARRIGUES"], now - timedelta(hours=3))


def _refused(sender: Sender, agent_id: int, at: datetime) -> None:
    """A name that only the register office changes."""
    (child_id, *_) = sender.child_ids
    change_requests.declare(
        SubjectKind.CHILD, child_id, FileSection.CHILD_IDENTITY, {"last_name": "SOLIGNAC-ROUX"},
        seen={}, **sender.by("name", at),
    )  # fmt: skip
    line = db.session.scalars(
        select(ChangeLine).join(ChangeRequest).where(ChangeRequest.submission_key == "demo-name")
    ).one()
    change_requests.decide(
        line.request_id,
        {line.id: ChangeState.REFUSED},
        {line.id: _REFUSAL},
        current={},
        author=Author(agent_id),
        now=at + timedelta(hours=20),
    )


def _moves(sender: Sender, at: datetime) -> None:
    change_requests.declare(
        SubjectKind.HOUSEHOLD, sender.household_id, FileSection.HOUSEHOLD_ADDRESS,
        {"address": "4 impasse des Saules", "postcode": "46090", "city": "Pradines"},
        seen={}, **sender.by("address", at),
    )  # fmt: skip


def _allergy(sender: Sender, at: datetime) -> None:
    change_requests.declare(
        SubjectKind.CHILD, sender.child_ids[0], FileSection.CHILD_MEDICAL,
        {"food_allergies": "Fruits à coque", "conduct": "Antihistaminique dans le cartable, nous appeler."},
        seen={}, **sender.by("allergy", at),
    )  # fmt: skip


def _phone(sender: Sender, at: datetime) -> None:
    adult_id = db.session.scalars(
        select(HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id == sender.household_id)
        .order_by(HouseholdGuardian.position)
        .limit(1)
    ).one()
    change_requests.declare(
        SubjectKind.GUARDIAN, adult_id, FileSection.ADULT_CONTACT, {"mobile_phone": "06 39 98 42 17"},
        seen={}, **sender.by("phone", at),
    )  # fmt: skip


def _leaves(sender: Sender, at: datetime) -> None:
    child_id = sender.child_ids[0]
    person_id = db.session.scalars(
        select(AuthorisedPerson.id).where(AuthorisedPerson.child_id == child_id).limit(1)
    ).one()
    change_requests.declare_person(child_id, person_id, None, **sender.by("person", at))


# --- Enrolments ---------------------------------------------------------------------------------------------


def ask_enrolment(senders: Mapping[str, Sender], now: datetime) -> None:
    """The eldest child who is not enrolled in Labastide-Marnhac asks for its Wednesdays. A paper is to be
    brought: the service decides."""
    activity = db.session.scalars(select(Activity).where(Activity.rule_name == WEDNESDAYS)).one()
    enrolled = select(Enrolment.child_id).where(Enrolment.facility_id == activity.facility_id)
    homes = {sender.household_id: sender for sender in senders.values()}
    child_id, household_id = db.session.execute(
        select(Child.id, HouseholdChild.household_id)
        .join(HouseholdChild, HouseholdChild.child_id == Child.id)
        .where(Child.id.not_in(enrolled), HouseholdChild.household_id.in_(homes))
        .order_by(Child.birth_date, Child.id)
        .limit(1)
    ).one()
    sender, at = homes[household_id], now - timedelta(hours=5)
    wish = Wish(child_id, activity.id, *default_days(paris_now(at).date()))
    enrolments.ask(
        HouseholdAuthor(sender.user_id, (household_id,)),
        wish,
        submission_key="demo-enrolment",
        author_name=sender.author_name,
        now=at,
    )


# --- Documents ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Paper:
    """One document to send: whose, of which kind, how long ago, and the pages that it is made of."""

    family: str
    category: str
    hours_ago: int
    pages: tuple[papers.Page, ...]
    file_name: str
    child: int | None = None  # rank in the family
    age_days: int = 10


def _papers(today: date) -> Iterator[_Paper]:
    main, insurance = families.MAIN_FAMILY, papers.insurance
    new_home = papers.bill("Claire SOLIGNAC", "4 impasse des Saules")
    old_bill = papers.bill("Anaïs HAMIDI", "39 rue des Tilleuls")
    income = papers.income("Linh DA COSTA", today.year, 512)
    yield _Paper(main, town.INSURANCE, 190, insurance("Marie SOLIGNAC"), "assurance.pdf", child=1)
    yield _Paper(main, town.HOME_PROOF, 44, new_home, "facture.pdf")
    yield _Paper("DA COSTA", town.INCOME_PROOF, 20, income, "attestation_qf.pdf")
    yield _Paper("HAMIDI", town.HOME_PROOF, 26, old_bill, "edf.pdf", age_days=160)
    yield _Paper("BOUSQUET", town.INSURANCE, 6, insurance("Rose BOUSQUET"), "attestation.pdf", child=1)
    certificate = papers.certificate("Alice COSTES")
    yield _Paper("COSTES", town.ABSENCE_PROOF, 1, certificate, "certificat.pdf", child=0, age_days=2)


def send_documents(senders: Mapping[str, Sender], agent_id: int, now: datetime) -> None:
    """Five that wait, with their pages, and one that was refused: it names the other child."""
    today = paris_now(now).date()
    categories = dict(db.session.execute(select(DocumentCategory.name, DocumentCategory.id)).all())
    for number, paper in enumerate(_papers(today)):
        sender, at = senders[paper.family], now - timedelta(hours=paper.hours_ago)
        child_id = None if paper.child is None else sender.child_ids[paper.child]
        is_absence = paper.category == town.ABSENCE_PROOF
        days = _absence_days(child_id, today) if is_absence else ()
        if is_absence and not days:
            continue  # nothing is booked around the summer
        sending = documents.Sending(
            categories[paper.category], sender.household_id, child_id, f"demo-{number}",
            (documents.Upload(papers.drawn(paper.pages), paper.file_name),),
            issued_on=paris_now(at).date() - timedelta(days=paper.age_days),
            absence_kind=AbsenceKind.MEDICAL if is_absence else None, absence_days=days,
        )  # fmt: skip
        document_id = documents.submit(
            sending, author=sender.author, author_name=sender.author_name, network=_NETWORK, now=at
        )
        if number == 0:
            reason = "L’attestation est au nom de Marie. Envoyez celle de Léo."
            documents.refuse(document_id, reason, author=Author(agent_id), now=at + timedelta(hours=22))


def _absence_days(child_id: int | None, today: date) -> tuple[date, ...]:
    """Two booked days of the child, the nearest ones, past if possible."""
    booked = select(Booking.day).distinct().where(
        Booking.child_id == child_id, Booking.state == BookingState.ACCEPTED
    )  # fmt: skip
    days = sorted(db.session.scalars(booked))
    past = [day for day in days if day <= today]
    return tuple(past[-2:] or days[:2])
