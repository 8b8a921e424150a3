"""Enrolment requests: accepted at once, waiting, refused by the rules, answered by the service (R17)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from domain.enums import AccountStatus, EnrolmentState, MailKind, ValidationMode
from domain.errors import NotFound, Refused, Stale
from models import AuditEvent, ChildGroup, Enrolment, EnrolmentRequest, OutgoingMail, User
from services import accounts, enrolments, households
from services.booking_drafts import Author
from services.enrolments import Terms, Wish
from services.transaction import write_transaction

YEAR = (date(2027, 1, 18), date(2027, 8, 31))
RULED = {"conditions": ["trois_ans"]}


class Bench:
    """Claire's son Léo, a leisure centre that validates by itself, an activity under conditions."""

    def __init__(self, world, mode=ValidationMode.AUTOMATIC):
        self.world, self.app = world, world.app
        self.home = world.household()
        self.claire = world.parent(self.home)
        self.leo = world.child(self.home, birth_date=date(2019, 5, 4))
        self.centre = world.facility("Les Marmottes", validation_mode=mode)
        self.workshop = world.activity(self.centre, "Atelier")

    def rule(self, enrolment=RULED):
        tree = self.world.rulebook
        tree["faits"]["age"] = "nombre"
        tree["conditions"] = {
            "trois_ans": {"si": {"age": {"de": "3"}}, "sinon": "L’enfant doit avoir trois ans."}
        }
        tree["activites"][self.workshop.rule_name]["inscription"] = enrolment
        self.world.write_rulebook()

    def ask(self, key="k1", *, child=None, days=YEAR, home=None, user=None, now=None):
        author = Author((user or self.claire).id, ((home or self.home).id,))
        wish = Wish((child or self.leo).id, self.workshop.id, *days)
        with self.app.app_context():
            return enrolments.ask(
                author, wish, submission_key=key, author_name="Claire SOLIGNAC", now=now or self.world.now
            )

    def answer(self, act, *args, agent=None, facility_ids=None):
        by = accounts.Author((agent or self.agent).id)
        with self.app.app_context():
            act(*args, facility_ids=facility_ids, author=by, now=self.world.now)

    @property
    def agent(self):
        return self.world.staff()

    def row(self):
        return self.world.one(EnrolmentRequest)

    def mails(self):
        return [mail for mail in self.world.all(OutgoingMail) if mail.kind is MailKind.ENROLMENT_DECISION]


@pytest.fixture
def bench(world):
    return Bench(world)


def test_with_every_condition_met_the_child_is_enrolled_at_once(bench):
    bench.rule()
    groups = [
        ChildGroup(facility_id=bench.centre.id, name=name, first_age=first, last_age=last, position=place)
        for place, (name, first, last) in enumerate([("Petits", 3, 5), ("Grands", 6, None)])
    ]
    bench.world.add(*groups)
    reference = bench.ask()
    enrolment = bench.world.one(Enrolment)
    assert (enrolment.activity_id, enrolment.first_day, enrolment.last_day) == (bench.workshop.id, *YEAR)
    assert enrolment.group_id == groups[1].id
    row = bench.row()
    assert (row.reference, row.state, row.enrolment_id) == (reference, EnrolmentState.ACCEPTED, enrolment.id)
    (mail,) = bench.mails()
    assert "est acceptée" in mail.text
    assert reference in mail.subject
    told = [event.action for event in bench.world.all(select(AuditEvent).order_by(AuditEvent.id))]
    assert told == ["enrolment_request.asked", "enrolment.added", "enrolment_request.accepted"]


@pytest.mark.parametrize(
    ("mode", "enrolment", "left"),
    [
        (ValidationMode.AUTOMATIC, None, "Le règlement n’a pas de condition pour cette activité"),
        (ValidationMode.AUTOMATIC, {"pieces": [{"nom": "assurance"}]}, "Il manque la pièce"),
        (ValidationMode.MANUAL, RULED, ""),
    ],
)
def test_what_is_left_to_see_waits_for_the_service(world, mode, enrolment, left):
    bench = Bench(world, mode)
    if enrolment:
        bench.rule(enrolment)
    bench.ask()
    row = bench.row()
    assert row.state is EnrolmentState.PENDING
    assert (row.due_at - row.created_at).total_seconds() == 48 * 3600
    assert left in " ".join(row.unmet)
    assert not bench.world.all(Enrolment)
    assert not bench.mails()


def test_what_the_rules_refuse_is_refused_at_once_and_nothing_is_kept(bench):
    bench.rule()
    young = bench.world.child(bench.home, "Ana", birth_date=date(2025, 1, 1))
    with pytest.raises(Refused, match="L’enfant doit avoir trois ans"):
        bench.ask(child=young)
    assert not bench.world.all(EnrolmentRequest)


def test_residents_send_from_the_very_instant(bench):
    opens = datetime(2027, 1, 18, 19, tzinfo=UTC)
    window = {"ouvre": "2027-01-18 20:00", "ferme": None, "canaux": "tous", "si": {"residence": "commune"}}
    bench.rule({"fenetres": [window]})
    with pytest.raises(Refused, match="pour les familles de la commune"):
        bench.ask(now=opens.replace(hour=18, minute=59, second=59))
    bench.ask(now=opens)
    assert bench.row().state is EnrolmentState.ACCEPTED


def test_one_form_makes_one_request(bench):
    assert bench.ask("k1") == bench.ask("k1")
    with pytest.raises(Refused, match="déjà en cours"):
        bench.ask("k2")
    assert len(bench.world.all(EnrolmentRequest)) == 1


def test_the_form_of_somebody_else_is_not_found(bench):
    bench.ask("k1")
    home = bench.world.household("MARTY")
    user = bench.world.parent(home)
    with pytest.raises(NotFound):
        bench.ask("k1", child=bench.world.child(home, "Zoé"), home=home, user=user)
    assert bench.row().child_id == bench.leo.id


@pytest.mark.parametrize(
    "days",
    [
        (date(2027, 2, 1), date(2027, 1, 31)),
        (date(2026, 9, 1), date(2026, 12, 31)),
        (date(2027, 2, 1), date(2029, 8, 31)),
    ],
)
def test_days_that_make_no_sense_are_refused(bench, days):
    with pytest.raises(Refused) as refusal:
        bench.ask(days=days)
    assert refusal.value.code == "dates"


def test_a_child_who_is_enrolled_there_is_not_asked_again(bench):
    bench.world.enrol(bench.leo, bench.centre)
    with pytest.raises(Refused) as refusal:
        bench.ask()
    assert refusal.value.code == "overlap"


def test_somebody_elses_child_and_a_closed_activity_are_not_found(bench):
    other = bench.world.household("MARTIN")
    child = bench.world.child(other, "Zoé")
    with pytest.raises(NotFound):
        bench.ask(child=child)
    bench.workshop = bench.world.activity(bench.centre, "Ancien", is_active=False)
    with pytest.raises(NotFound):
        bench.ask()


def test_a_pending_request_is_taken_back_once(bench):
    reference = bench.ask()
    author = Author(bench.claire.id, (bench.home.id,))
    stranger = Author(bench.claire.id, (bench.home.id + 99,))
    with bench.app.app_context():
        with pytest.raises(NotFound):
            enrolments.withdraw(stranger, reference, now=bench.world.now)
        enrolments.withdraw(author, reference, now=bench.world.now)
        with pytest.raises(Stale):
            enrolments.withdraw(author, reference, now=bench.world.now)
    assert bench.row().state is EnrolmentState.WITHDRAWN
    bench.ask("k2")


def test_the_service_accepts_with_its_own_days(bench):
    reference = bench.ask()
    agent = bench.agent
    days = (date(2027, 3, 1), date(2027, 7, 2))
    bench.answer(enrolments.accept, reference, Terms(*days), agent=agent)
    enrolment = bench.world.one(Enrolment)
    assert (enrolment.first_day, enrolment.last_day, enrolment.activity_id) == (*days, bench.workshop.id)
    row = bench.row()
    assert (row.state, row.decided_by_user_id) == (EnrolmentState.ACCEPTED, agent.id)
    assert len(bench.mails()) == 1
    with pytest.raises(Stale):
        bench.answer(enrolments.refuse, reference, "Trop tard.")


def test_a_refusal_needs_a_reason_that_the_family_reads(bench):
    reference = bench.ask()
    with pytest.raises(Refused):
        bench.answer(enrolments.refuse, reference, "  ")
    bench.answer(enrolments.refuse, reference, "Le groupe est complet.")
    assert (bench.row().state, bench.row().reason) == (EnrolmentState.REFUSED, "Le groupe est complet.")
    assert "Le groupe est complet." in bench.mails()[0].text
    assert not bench.world.all(Enrolment)


def test_who_asked_and_lost_the_access_reads_no_answer(world):
    bench = Bench(world, ValidationMode.MANUAL)
    reference = bench.ask()
    other = world.parent(bench.home, "Paul", email="paul@example.org")
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(User, bench.claire.id).status = AccountStatus.SUSPENDED
    bench.answer(enrolments.refuse, reference, "Le groupe est complet.")
    assert [mail.to_address for mail in bench.mails()] == [other.email]


def test_a_director_answers_for_own_structures_only(bench):
    reference = bench.ask()
    with pytest.raises(NotFound):
        bench.answer(enrolments.refuse, reference, "Non.", facility_ids=[bench.centre.id + 99])
    bench.answer(enrolments.refuse, reference, "Non.", facility_ids=[bench.centre.id])


def test_an_enrolment_in_one_activity_stands_beside_others(bench):
    """The same activity or the whole structure hold it off; another activity does not."""
    act = {"author": accounts.Author(bench.agent.id), "now": bench.world.now}
    other = bench.world.activity(bench.centre, "Poterie")
    first = households.Placement(bench.centre.id, *YEAR, activity_id=bench.workshop.id)
    second = households.Placement(bench.centre.id, *YEAR, activity_id=other.id)
    with bench.app.app_context():
        households.add_enrolment(bench.home.id, bench.leo.id, first, **act)
        households.add_enrolment(bench.home.id, bench.leo.id, second, **act)
        with pytest.raises(Refused) as refusal:
            households.add_enrolment(bench.home.id, bench.leo.id, second, **act)
        elsewhere = bench.world.activity(bench.world.facility("Ailleurs"), "Danse")
        wrong = households.Placement(bench.centre.id, *YEAR, activity_id=elsewhere.id)
        with pytest.raises(Refused, match="n’est pas de cette structure"):
            households.add_enrolment(bench.home.id, bench.leo.id, wrong, **act)
    assert refusal.value.code == "overlap"
