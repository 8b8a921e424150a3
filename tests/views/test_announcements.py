"""The same mail to many families: whom it reaches, what they read, how they refuse the next ones (R52)."""

from datetime import date, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from adapters.mail import MailRefused
from domain.enums import MailKind, MailState, SchoolLevel, StaffRole
from domain.errors import NotFound
from models import Announcement, AuditEvent, Guardian, OutgoingMail, SchoolClass, Schooling, User
from queries import announcements as announcement_queries
from queries.announcements import Audience, TargetKind
from services import announcements, opt_outs, outbox
from services.accounts import Author
from services.transaction import write_transaction
from tests.school_family import SchoolFamily, words
from tests.statements import recorded

TODAY = date(2027, 1, 12)
THURSDAY = date(2027, 1, 14)
PAGE = "/gestion/annonces/nouvelle"


@pytest.fixture
def family(world) -> SchoolFamily:
    """Claire and Paul SOLIGNAC with two children at the school."""
    found = SchoolFamily(world)
    found.paul = world.parent(found.household, "Paul")
    return found


@pytest.fixture
def office(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


class Letters:
    """A mail server that takes everything, but the addresses in `refused`."""

    def __init__(self, *refused: str) -> None:
        self.refused, self.taken = refused, []

    def send(self, message: EmailMessage) -> None:
        if message["To"] in self.refused:
            raise MailRefused("550")
        self.taken.append(message)


def deliver(world, letters, limit=50):
    with world.app.app_context():
        outbox.deliver_due(world.now, letters, limit)


def said(client) -> str:
    return words(client.page.main)


def target(world, kind, identifier, scope=None):
    with world.app.app_context():
        found = announcement_queries.targets(scope, TODAY)
    return next(one for one in found if (one.kind, one.id) == (kind, identifier))


def send(world, audience, *, is_service=False, key="k" * 32, text="Samedi matin."):
    author = Author(world.staff(StaffRole.RECEPTION).id)
    announcing = announcements.Announcing("La fête", text, audience, is_service, key)
    with world.app.app_context():
        return announcements.send(announcing, facility_ids=None, author=author, now=world.now)


def told(world) -> list[str]:
    return sorted(mail.to_address for mail in world.all(OutgoingMail))


def write(client, **typed):
    data = {"target": "commune-0", "subject": "La fête", "text": "Samedi matin."} | typed
    return client.submit(PAGE, data, form="main form", button=("step", "preview"))


def press(client, step):
    form = client.page.select_one(f"form:has(button[name=step][value={step}])")
    data = [(one["name"], one.get("value", "")) for one in form.select("input")] + [("step", step)]
    body: dict[str, list[str]] = {}
    for name, value in data:
        body.setdefault(name, []).append(value)
    return client.post(form["action"], data=body, follow_redirects=True)


# --- The page -----------------------------------------------------------------------------------------------


def test_an_announcement_is_looked_at_then_sent(office, world, family):
    assert write(office).status_code == 200
    assert "Familles qui recevront le mail 1" in said(office)
    assert "Mails envoyés, un par adulte 2" in said(office)
    assert "Samedi matin." in said(office)
    assert world.all(Announcement) == world.all(OutgoingMail) == []
    press(office, "send")
    assert "L’annonce part à 1 famille" in said(office)
    assert "Mails envoyés 0 sur 2" in said(office)
    assert "Envoi en cours" in said(office)
    assert told(world) == sorted([family.claire.email, family.paul.email])
    assert world.one(AuditEvent).action == "announcement.sent"
    office.get("/gestion/annonces")
    assert "La fête" in said(office)


def test_what_was_written_can_be_corrected(office, family):
    write(office)
    press(office, "edit")
    assert office.page.select_one("#text").get_text().strip() == "Samedi matin."
    assert office.page.select("p.error") == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"subject": ""}, "Indiquez l’objet du mail."),
        ({"text": " "}, "Écrivez le texte du mail."),
        ({"text": "x" * 5001}, "Raccourcissez le texte"),
    ],
)
def test_what_is_missing_is_told(office, world, family, typed, sentence):
    assert write(office, **typed).status_code == 422
    assert sentence in said(office)


def test_nobody_to_write_to_is_told_before(office, world):
    write(office)
    assert "Aucune famille ne recevrait ce mail." in said(office)
    assert office.page.select("button[value=send]") == []


def test_a_director_writes_to_its_own_structure_alone(client, world, family):
    world.canteen([THURSDAY], name="École Hugo")
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    client.get(PAGE)
    groups = [group["label"] for group in client.page.select("#target optgroup")]
    assert groups == [family.canteen.facility.name]
    with world.app.app_context():
        (whole, *_) = announcement_queries.targets(None, TODAY)
        announcing = announcements.Announcing("La fête", "Texte", Audience(whole), False, "k" * 32)
        with pytest.raises(NotFound):
            announcements.send(
                announcing,
                facility_ids=[family.canteen.facility.id],
                author=Author(world.user().id),
                now=world.now,
            )
    assert world.all(Announcement) == []


# --- Whom ---------------------------------------------------------------------------------------------------


def other_family(world, name, facility, **enrolment):
    household = world.household(name)
    parent = world.parent(household, "Karim")
    child = world.child(household, "Nino")
    world.enrol(child, facility, **enrolment)
    return household, parent, child


def test_a_structure_an_activity_a_group_and_a_class(world, family):
    school = family.canteen.facility
    hugo = world.canteen([THURSDAY], name="École Hugo")
    group = world.group(school, first_age=3, last_age=11)
    _, karim, nino = other_family(world, "MARTIN", school, group_id=group.id)
    _, zoe, _ = other_family(world, "DUBOIS", hugo.facility)
    world.add(SchoolClass(facility_id=school.id, school_year=2026, name="CE1"))
    room = world.one(SchoolClass)
    world.add(
        Schooling(
            child_id=nino.id, school_year=2026, facility_id=school.id, level=SchoolLevel.CE1, class_id=room.id
        )
    )
    family_mails = [family.claire.email, family.paul.email]
    expected = {
        (TargetKind.TOWN, 0): [*family_mails, karim.email, zoe.email],
        (TargetKind.FACILITY, school.id): [*family_mails, karim.email],
        (TargetKind.ACTIVITY, hugo.activity.id): [zoe.email],
        (TargetKind.GROUP, group.id): [karim.email],
        (TargetKind.CLASS, room.id): [karim.email],
    }
    for number, ((kind, identifier), mails) in enumerate(expected.items()):
        before = told(world)
        announcement = send(world, Audience(target(world, kind, identifier)), key=f"{kind}-{number:030}")
        found = world.all(select(OutgoingMail).where(OutgoingMail.announcement_id == announcement))
        assert sorted(mail.to_address for mail in found) == sorted(mails), kind
        assert len(told(world)) == len(before) + len(mails)


def test_those_who_come_on_a_day(world, family):
    school = family.canteen.facility
    other_family(world, "MARTIN", school)
    family.book(family.leo, THURSDAY)
    family.book(family.marie, THURSDAY)
    whole = target(world, TargetKind.FACILITY, school.id)
    send(world, Audience(whole, THURSDAY))
    assert told(world) == sorted([family.claire.email, family.paul.email])
    row = world.one(Announcement)
    assert "enfants réservés le jeudi 14" in row.audience
    assert row.recipients == 1


def test_an_adult_of_two_families_gets_one_mail(world, family):
    second = world.household("DURAND")
    guardian = world.guardian(second, "Nadia")
    world.share(family.leo, second)
    claire = world.one(select(Guardian).where(Guardian.user_id == family.claire.id))
    world.join(second, claire)
    send(world, Audience(target(world, TargetKind.TOWN, 0)))
    assert told(world) == sorted([family.claire.email, family.paul.email])
    assert world.one(Announcement).recipients == 2
    assert guardian.user_id is None


def test_a_household_that_reads_a_name_alone_is_left_out(world, family):
    second = world.household("DURAND")
    karim = world.parent(second, "Karim")
    world.share(family.leo, second, is_restricted=True)
    send(world, Audience(target(world, TargetKind.TOWN, 0)))
    assert karim.email not in told(world)


def test_a_sending_made_twice_is_one_announcement(world, family):
    audience = Audience(target(world, TargetKind.TOWN, 0))
    assert send(world, audience) == send(world, audience)
    assert len(world.all(Announcement)) == 1
    assert len(told(world)) == 2


def test_two_thousand_families_are_few_statements(world, family):
    """The number of statements does not depend on the families; here is one, and here are twenty more."""
    audience = Audience(target(world, TargetKind.TOWN, 0))
    with recorded() as few:
        send(world, audience, key="a" * 32)
    for number in range(20):
        other_family(world, f"FAMILLE {number}", family.canteen.facility)
    with recorded() as many:
        send(world, audience, key="b" * 32)
    assert len(told(world)) == 2 + 22
    assert len(many) == len(few) <= 12


# --- What they read, and refuse -----------------------------------------------------------------------------


def test_the_mail_holds_the_words_and_the_way_to_refuse(world, family):
    send(world, Audience(target(world, TargetKind.TOWN, 0)), text="Samedi matin.\n\nApportez un gâteau.")
    letters = Letters()
    deliver(world, letters)
    assert len(letters.taken) == 2
    for message in letters.taken:
        text = message.get_body(("plain",)).get_content()
        assert "Apportez un gâteau." in text
        address = message["List-Unsubscribe"].strip("<>")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert address in text
        assert "Apportez un gâteau." in message.get_body(("html",)).get_content()
    assert len({message["List-Unsubscribe"] for message in letters.taken}) == 2
    assert {mail.state for mail in world.all(OutgoingMail)} == {MailState.SENT}


def test_what_somebody_waits_for_leaves_before_announcements(world, family):
    send(world, Audience(target(world, TargetKind.TOWN, 0)))
    with world.app.app_context(), write_transaction() as session:
        outbox.queue(
            session, MailKind.PASSWORD_CHANGED, to=family.claire.email,
            now=world.now, user_id=family.claire.id, first_name="Claire", changed_at=world.now,
        )  # fmt: skip
    letters = Letters()
    deliver(world, letters, limit=1)
    assert letters.taken[0]["List-Unsubscribe"] is None


def link_of(world, user) -> str:
    with world.app.app_context():
        return urlsplit(outbox.opt_out_link(user.id)).path


def test_announcements_are_refused_without_signing_in(client, world, family):
    address = link_of(world, family.claire)
    client.get(address)
    assert world.one(select(User).where(User.id == family.claire.id)).announcements_refused_at is None
    client.submit(address, form="main form", follow=True)
    assert "Vous ne recevrez plus les annonces" in said(client)
    assert world.one(select(User).where(User.id == family.claire.id)).announcements_refused_at == world.now
    assert world.one(AuditEvent).action == "announcements.refused"
    send(world, Audience(target(world, TargetKind.TOWN, 0)))
    assert told(world) == [family.paul.email]


def test_a_mail_reader_refuses_with_one_click(client, world, family):
    """RFC 8058: no cookie, no token of ours, from another site, answered without a page."""
    body = {"List-Unsubscribe": "One-Click"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    for _ in range(2):
        assert client.post(link_of(world, family.claire), data=body, headers=headers).status_code == 204
    assert len(world.all(AuditEvent)) == 1
    assert client.post("/annonces/ne-plus-recevoir/AUTRE", data=body).status_code == 404


def test_who_refused_meanwhile_gets_nothing(world, family):
    announcement = send(world, Audience(target(world, TargetKind.TOWN, 0)))
    with world.app.app_context():
        opt_outs.choose(family.claire.id, wants=False, now=world.now)
    letters = Letters()
    deliver(world, letters)
    assert [message["To"] for message in letters.taken] == [family.paul.email]
    with world.app.app_context():
        found = announcement_queries.announcement(announcement)
    assert (found.mails[MailState.SENT], found.mails[MailState.ABANDONED]) == (1, 1)


def test_an_information_of_the_service_reaches_those_who_refuse_announcements(office, world, family):
    with world.app.app_context():
        opt_outs.choose(family.claire.id, wants=False, now=world.now)
    write(office, is_service="y")
    assert "reçoivent celle-ci" in said(office)
    press(office, "send")
    letters = Letters(family.paul.email)
    deliver(world, letters)
    assert [message["To"] for message in letters.taken] == [family.claire.email]
    assert letters.taken[0]["List-Unsubscribe"] is None
    office.get(f"/gestion/annonces/{world.one(Announcement).id}")
    assert "Refusés par la messagerie 1" in said(office)
    assert "Mails envoyés 1 sur 2" in said(office)


def test_it_is_chosen_on_mon_compte(client, world, family):
    client.sign_in(family.claire)
    client.submit("/mon-compte", {"wants_announcements": None}, form="#annonces-choix", follow=True)
    assert "Vous ne recevrez plus les annonces du service." in said(client)
    client.submit("/mon-compte", {"wants_announcements": "y"}, form="#annonces-choix", follow=True)
    assert "Vous recevrez les annonces du service." in said(client)
    actions = [event.action for event in world.all(select(AuditEvent).order_by(AuditEvent.id))]
    assert actions == ["announcements.refused", "announcements.accepted"]


def test_an_old_class_is_not_offered(world, family):
    world.add(SchoolClass(facility_id=family.canteen.facility.id, school_year=2025, name="CE1"))
    with world.app.app_context():
        kinds = {one.kind for one in announcement_queries.targets(None, TODAY)}
        later = announcement_queries.targets(None, TODAY - timedelta(days=365))
    assert TargetKind.CLASS not in kinds
    assert TargetKind.CLASS in {one.kind for one in later}
