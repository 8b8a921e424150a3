"""« À traiter »: one queue of changes, documents and booking requests, one decision after the other.

S35, S37, S44, S72 to S74, S108 to S110.
"""

import gzip
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from domain.enums import (
    AbsenceKind,
    AbsenceState,
    BookingState,
    ChangeState,
    Channel,
    DocumentEffect,
    DocumentOwner,
    DocumentState,
    DocumentValidity,
    FileSection,
    LineAction,
    LineState,
    StaffRole,
    SubjectKind,
)
from domain.family_file import CONTROL_TIME, Person, person_to_text
from models import (
    Absence,
    AuditEvent,
    BookingRequest,
    BookingRequestLine,
    ChangeLine,
    ChangeRequest,
    Document,
    DocumentCategory,
    Household,
    OutgoingMail,
    QuotientFamilial,
)
from services.document_readings import READ as DOCUMENT_READ
from services.medical_readings import READ as MEDICAL_READ
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily, words
from tests.views.reading import text

DESK = "/gestion/a-traiter"
MOST_STATEMENTS, MOST_BYTES = 12, 15 * 1024
THURSDAY, FRIDAY = date(2027, 1, 14), date(2027, 1, 15)
MOVE = {"address": ("12 rue Nationale", "4 impasse des Saules"), "city": ("Cahors", "Pradines")}


@pytest.fixture
def family(world):
    return SchoolFamily(world)


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def move(family, **options):
    """The family declares another address."""
    return family.world.change(
        family.household, family.claire, FileSection.HOUSEHOLD_ADDRESS, MOVE, **options
    )


def allergy(family, **options):
    change = {"food_allergies": (None, "arachide")}
    return family.world.change(
        family.household, family.claire, FileSection.CHILD_MEDICAL, change, child=family.leo, **options
    )


def category(world, name: str = "Justificatif de domicile", **columns) -> DocumentCategory:
    return world.add(DocumentCategory(name=name, **{"owner": DocumentOwner.HOUSEHOLD} | columns))


def ask(family, hours_ago: int = 1, reference: str = "R-AAAA-AAAA"):
    """Two days asked for at the canteen, some hours ago."""
    days = [THURSDAY, FRIDAY]
    asked = family.ask(reference, family.leo, days, LineState.PENDING)
    sent = family.world.now - timedelta(hours=hours_ago)
    with family.world.app.app_context(), write_transaction() as session:
        session.execute(update(BookingRequest).where(BookingRequest.id == asked.id).values(created_at=sent))
    return asked


def book_what_was_asked(family) -> None:
    """The bookings behind the lines of the request."""
    for day in (THURSDAY, FRIDAY):
        booking = family.book(family.leo, day, BookingState.PENDING)
        with family.world.app.app_context(), write_transaction() as session:
            lines = update(BookingRequestLine).where(BookingRequestLine.day == day)
            session.execute(lines.values(booking_id=booking.id))


def change_page(change) -> str:
    return f"{DESK}/modifications/{change.reference}"


def document_page(document) -> str:
    return f"{DESK}/documents/{document.id}"


def rows(client) -> list[str]:
    return [words(row) for row in client.page.select(".queue tbody tr")]


def lines(world) -> list[ChangeLine]:
    return world.all(select(ChangeLine).order_by(ChangeLine.id))


def household(world) -> Household:
    return world.one(Household)


def events(world, action: str) -> list[AuditEvent]:
    return world.all(select(AuditEvent).where(AuditEvent.action == action))


# --- The queue ----------------------------------------------------------------------------------------------


def test_one_list_with_the_oldest_first_and_what_is_late(client, world, family, agent):
    move(family, hours_ago=52)
    world.sent_document(family.household, category(world), hours_ago=20)
    ask(family, hours_ago=6)
    allergy(family, hours_ago=49)

    client.get(DESK)

    assert rows(client) == [
        "Adresse du foyer 2 champs modifiés SOLIGNAC 52 h",
        "Renseignements réservés 1 champ modifié SOLIGNAC 49 h",
        "Justificatif de domicile document à vérifier SOLIGNAC 20 h",
        "Écoles de Cahors, 2 jours réservation SOLIGNAC 6 h",
    ]
    assert "2 dépassent 48 h" in text(client)
    assert words(client.page.find(id="cas")) == "Adresse du foyer · SOLIGNAC"


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("modifications", ["Adresse du foyer"]),
        ("documents", ["Justificatif de domicile"]),
        ("reservations", ["Écoles de Cahors, 2 jours"]),
        ("autre", ["Adresse du foyer", "Justificatif de domicile", "Écoles de Cahors, 2 jours"]),
    ],
)
def test_the_queue_is_limited_to_a_kind(client, world, family, agent, kind, titles):
    move(family, hours_ago=30)
    world.sent_document(family.household, category(world), hours_ago=20)
    ask(family)

    client.get(f"{DESK}?genre={kind}")

    found = [words(link).replace("\u00a0", " ") for link in client.page.select(".queue td:first-child a")]
    assert found == titles
    assert kind == "autre" or all(f"genre={kind}" in link["href"] for link in client.page.select(".queue a"))


def test_the_queue_is_limited_to_a_structure(client, world, family, agent):
    centre = world.facility("ALSH Saint-Géry")
    other = world.household("ROUX")
    child = world.child(other)
    world.enrol(child, centre)
    parent = world.parent(other, "Paul")
    move(family)
    world.change(other, parent, FileSection.CHILD_DIET, {"diet": (None, "Sans porc")}, child=child)

    client.get(f"{DESK}?etablissement={centre.id}")

    assert rows(client) == ["Régime alimentaire de Léo 1 champ modifié ROUX 1 h"]
    client.get(f"{DESK}?etablissement={family.canteen.facility.id}")
    assert rows(client) == ["Adresse du foyer 2 champs modifiés SOLIGNAC 1 h"]


def test_a_director_sees_the_requests_of_its_structures_only(client, world, family):
    change, paper = move(family), world.sent_document(family.household, category(world))
    ask(family)
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    client.get(DESK)
    assert rows(client) == ["Écoles de Cahors, 2 jours réservation SOLIGNAC 1 h"]
    assert client.get(change_page(change)).status_code == 403
    assert client.get(document_page(paper)).status_code == 403

    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility("ALSH")]))
    client.get(DESK)
    assert rows(client) == []
    assert client.get(f"{DESK}/reservations/R-AAAA-AAAA").status_code == 404


def test_a_long_queue_has_pages_and_a_case_stands_on_its_own(client, world, family, agent):
    late = [ask(family, 60 - number, f"R-AAAA-AA{number:02d}") for number in range(31)]

    client.get(DESK)
    assert len(rows(client)) == 30
    client.get(f"{DESK}/reservations/{late[-1].reference}?structure={family.canteen.facility.id}")
    assert len(rows(client)) == 1
    assert "Page 2 sur 2" in text(client)
    assert client.page.select_one("tr.selected a")["aria-current"] == "true"


def test_an_empty_queue_says_so(client, agent):
    client.get(DESK)
    assert "Rien n’attend de réponse." in text(client)


def test_the_home_counts_what_waits_and_what_is_late(client, world, family, agent):
    move(family, hours_ago=52)
    allergy(family)
    world.sent_document(family.household, category(world), hours_ago=49)

    client.get("/gestion")

    said = text(client)
    assert "2 modifications à contrôler 1 dépasse 48 h" in said
    assert "1 document à vérifier 1 dépasse 48 h" in said


# --- Changes ------------------------------------------------------------------------------------------------


def test_a_change_shows_the_old_value_struck_and_the_new_one(client, world, family, agent):
    change = move(family)
    client.get(change_page(change))
    assert [words(one) for one in client.page.select(".changes del")] == [
        "Avant : 12 rue Nationale",
        "Avant : Cahors",
    ]
    assert [words(one) for one in client.page.select(".changes ins")] == [
        "Après : 4 impasse des Saules",
        "Après : Pradines",
    ]
    assert "À traiter avant le jeudi 14 janvier, 9 h" in text(client)


def test_accepting_applies_every_field_and_shows_the_next_case(client, world, family, agent):
    change, paper = (
        move(family, hours_ago=5),
        world.sent_document(family.household, category(world), hours_ago=2),
    )

    client.submit(change_page(change), form=".case form", button=("decision", "accepter"), follow=True)

    assert "SOLIGNAC : 2 champs acceptés. La famille est prévenue." in text(client)
    assert words(client.page.find(id="cas")) == "Justificatif de domicile · SOLIGNAC"
    assert document_page(paper) in client.page.select_one("tr.selected a")["href"]
    assert (household(world).address, household(world).city) == ("4 impasse des Saules", "Pradines")
    assert {line.state for line in lines(world)} == {ChangeState.ACCEPTED}


def test_one_field_is_refused_with_a_reason_the_other_waits(client, world, family, agent):
    change = move(family)
    city = lines(world)[1]

    client.submit(
        change_page(change),
        {"reason": "Joignez un justificatif."},
        form=".case form",
        button=("decision", f"refuser-{city.id}"),
        follow=True,
    )

    assert words(client.page.find(id="cas")) == "Adresse du foyer · SOLIGNAC"
    assert [line.state for line in lines(world)] == [ChangeState.PENDING, ChangeState.REFUSED]
    assert lines(world)[1].reason == "Joignez un justificatif."
    assert household(world).city == "Cahors"
    client.submit(change_page(change), form=".case form", button=("decision", "accepter"))
    assert household(world).address == "4 impasse des Saules"


def test_a_refusal_without_reason_is_not_one(client, world, family, agent):
    change = move(family)

    answer = client.submit(change_page(change), form=".case form", button=("decision", "refuser"))

    assert answer.status_code == 422
    assert "Indiquez le motif du refus" in words(client.page.find(id="reason-erreur"))
    assert {line.state for line in lines(world)} == {ChangeState.PENDING}


def test_a_conflict_shows_three_values_in_a_sentence(client, world, family, agent):
    change = move(family)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Household).values(city="Labastide"))

    client.get(change_page(change))

    said = text(client)
    assert (
        "La famille avait vu Cahors Le dossier dit maintenant Labastide La famille demande Pradines" in said
    )
    assert "Ce champ a changé depuis : accepter remplace sa valeur" in said


def test_who_comes_second_is_told_what_happened(app, client, world, family, agent):
    change = move(family)
    other = app.test_client()
    other.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(change_page(change))
    form = client.page.select_one(".case form")
    typed = {one["name"]: one["value"] for one in form.select("input[name]")} | {"decision": "accepter"}
    other.submit(change_page(change), form=".case form", button=("decision", "accepter"))

    answer = client.post(change_page(change), data=typed)

    assert answer.status_code == 409
    assert "a déjà reçu une réponse" in text(client)
    assert "par Agnès MARTIN" in text(client)


def test_an_official_value_that_changed_meanwhile_is_not_overwritten(client, world, family, agent):
    change = move(family)
    client.get(change_page(change))
    form = client.page.select_one(".case form")
    typed = {one["name"]: one["value"] for one in form.select("input[name]")} | {"decision": "accepter"}
    client.submit(f"/gestion/familles/{family.household.id}/modifier", {"city": "Labastide"})

    answer = client.post(change_page(change), data=typed)

    assert answer.status_code == 409
    assert "Le dossier dit maintenant Labastide" in text(client)
    assert "Changé par Agnès MARTIN, le mardi 12 janvier, 10 h" in text(client)
    assert household(world).city == "Labastide"


def test_a_field_of_another_change_is_not_found(client, world, family, agent):
    change, other = move(family), world.household("ROUX")
    foreign = world.change(other, world.parent(other), FileSection.HOUSEHOLD_ADDRESS, MOVE)
    line = world.one(
        select(ChangeLine).where(ChangeLine.request_id == foreign.id, ChangeLine.field == "city")
    )
    forged = {f"vu-{line.id}": "x"}
    answer = client.submit(
        change_page(change), form=".case form", button=("decision", "accepter"), forged=forged
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("city", "is_said"), [("Pradines", True), ("CAHORS", False)], ids=["elsewhere", "in the town"]
)
def test_an_address_out_of_town_warns_of_the_price(client, world, family, agent, city, is_said):
    world.settings(address="72 rue Wilson, 46000 Cahors")
    change = world.change(
        family.household, family.claire, FileSection.HOUSEHOLD_ADDRESS, {"city": ("Ville", city)}
    )
    client.get(change_page(change))
    assert ("Hors de la commune : tarif extérieur à vérifier" in text(client)) is is_said


def test_the_documents_that_may_prove_a_change_are_linked(client, world, family, agent):
    paper = world.sent_document(family.household, category(world), hours_ago=3)
    vaccines = category(world, "Vaccination", owner=DocumentOwner.CHILD, is_medical=True)
    world.sent_document(family.household, vaccines, child=family.leo)
    client.get(change_page(move(family)))
    links = [link["href"] for link in client.page.select(".case a") if "/documents/" in link["href"]]
    assert links == [document_page(paper)]


def test_somebody_to_fetch_the_child_is_told_in_words(client, world, family, agent):
    added = {"added_person:x1": (None, person_to_text(Person("Paul", "ROUX", "voisin", "06 12 34 56 78")))}
    change = world.change(family.household, family.claire, FileSection.CHILD_PEOPLE, added, child=family.leo)
    client.get(change_page(change))
    assert "Paul ROUX, voisin, 06 12 34 56 78, vient chercher" in text(client)


# --- Health -------------------------------------------------------------------------------------------------


def test_health_is_reserved_without_the_right(client, world, family, agent):
    change = allergy(family)

    client.get(change_page(change))

    assert words(client.page.find(id="cas")) == "Renseignements réservés · SOLIGNAC"
    assert "arachide" not in text(client)
    assert "Allergies" not in text(client)
    assert "médicaux" not in text(client)
    answer = client.submit(
        change_page(move(family)), form=".case form", button=("decision", "accepter"), follow=True
    )
    assert answer.status_code == 200  # the next case is the reserved one
    assert "Renseignements réservés" in text(client)


def test_nobody_decides_health_without_the_right(client, world, family, agent):
    change, line = allergy(family), None
    line = lines(world)[0]
    client.get(change_page(move(family)))
    token = client.page.select_one(".case input[name=csrf_token]")["value"]
    typed = {"csrf_token": token, f"vu-{line.id}": "x", "decision": "accepter"}

    answer = client.post(change_page(change), data=typed)

    assert answer.status_code == 422
    assert "arachide" not in text(client)
    assert lines(world)[0].state is ChangeState.PENDING


def test_health_is_opened_by_a_noted_act_then_decided(client, world, family):
    change = allergy(family)
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))
    client.get(change_page(change))
    assert words(client.page.find(id="cas")) == "Renseignements médicaux de Léo · SOLIGNAC"
    assert "arachide" not in text(client)
    assert events(world, MEDICAL_READ) == []

    client.submit(change_page(change), form=".case form")

    assert "arachide" in text(client)
    (event,) = events(world, MEDICAL_READ)
    assert (event.object_id, event.after) == (family.leo.id, {"place": "une modification à contrôler"})
    form = client.page.select_one(".case form")
    typed = {one["name"]: one["value"] for one in form.select("input[name]")} | {"decision": "accepter"}
    assert client.post(form["action"], data=typed).status_code == 303
    assert lines(world)[0].state is ChangeState.ACCEPTED


# --- Documents ----------------------------------------------------------------------------------------------


def test_a_document_is_opened_by_a_noted_act(client, world, family, agent):
    paper = world.sent_document(family.household, category(world))
    picture = f"{document_page(paper)}/pages/1"
    assert client.get(picture).status_code == 303

    client.submit(document_page(paper), form="#pages form")

    assert [one["src"] for one in client.page.select("#pages img")] == [
        picture,
        f"{document_page(paper)}/pages/2",
    ]
    (event,) = events(world, DOCUMENT_READ)
    assert (event.object_type, event.object_id, event.actor_user_id) == ("document", paper.id, agent.id)
    answer = client.get(picture)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", b"\xff\xd81")


def test_htmx_receives_the_pages_alone(client, world, family, agent):
    paper = world.sent_document(family.household, category(world))
    client.submit(document_page(paper), form="#pages form", htmx=True)
    assert len(client.page.select("#pages img")) == 2
    assert len(events(world, DOCUMENT_READ)) == 1


def test_the_facts_of_a_document_stand_beside_it(client, world, family, agent):
    kind = category(world, max_age_months=3)
    paper = world.sent_document(family.household, kind, issued_on=date(2026, 9, 1), comment="Facture d’eau")
    client.get(document_page(paper))
    said = text(client)
    assert "Date écrite sur le document 01/09/2026 plus de 3 mois" in said
    assert "Message de la famille Facture d’eau" in said


def test_accepting_a_proof_of_income_opens_a_quotient(client, world, family, agent):
    kind = category(
        world,
        "Attestation de ressources",
        effect=DocumentEffect.QUOTIENT,
        validity=DocumentValidity.CALENDAR_YEAR,
    )
    paper = world.sent_document(family.household, kind, issued_on=date(2027, 1, 4))
    client.get(document_page(paper))
    assert client.page.find(id="valid_until")["value"] == "2027-12-31"

    answer = client.submit(document_page(paper), form="form.form", button=("decision", "accepter"))
    assert answer.status_code == 422
    assert "Indiquez le quotient" in words(client.page.find(id="quotient-erreur"))
    typed = {"quotient": "622,50", "quotient_from": "2027-01-01"}
    client.submit(document_page(paper), typed, form="form.form", button=("decision", "accepter"), follow=True)

    assert "SOLIGNAC, Attestation de ressources : accepté. La famille est prévenue." in text(client)
    quotient = world.one(QuotientFamilial)
    assert (quotient.value_hundredths, quotient.document_id) == (62250, paper.id)
    assert world.one(Document).valid_until == date(2027, 12, 31)


@pytest.fixture
def proof_of_absence(world, family):
    """Sent for two booked days of Léo."""
    kind = category(world, "Justificatif d’absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE)
    paper = world.sent_document(family.household, kind, child=family.leo, absence_kind=AbsenceKind.MEDICAL)
    for day in (date(2027, 1, 11), date(2027, 1, 12)):
        world.add(
            Absence(
                booking_id=family.book(family.leo, day).id,
                kind=AbsenceKind.MEDICAL,
                state=AbsenceState.DECLARED,
                document_id=paper.id,
                author_name="Claire SOLIGNAC",
                declared_at=world.now,
            )
        )
    return paper


def absences(world) -> list[AbsenceState]:
    return [one.state for one in world.all(select(Absence).order_by(Absence.id))]


def test_every_day_of_a_proof_of_absence_is_justified_by_itself(client, world, agent, proof_of_absence):
    client.submit(document_page(proof_of_absence), {}, form="form.form", button=("decision", "accepter"))

    assert absences(world) == [AbsenceState.JUSTIFIED, AbsenceState.JUSTIFIED]


def test_the_days_of_a_proof_of_absence_are_chosen(client, world, agent, proof_of_absence):
    client.submit(
        document_page(proof_of_absence),
        {"days": ["2027-01-12"]},
        form="form.form",
        button=("decision", "accepter"),
    )

    assert absences(world) == [AbsenceState.UNJUSTIFIED, AbsenceState.JUSTIFIED]


def test_a_refused_document_tells_why(client, world, family, agent):
    paper = world.sent_document(family.household, category(world))
    answer = client.submit(document_page(paper), form="form.form", button=("decision", "refuser"))
    assert answer.status_code == 422
    typed = {"reason": "La date est coupée."}
    client.submit(document_page(paper), typed, form="form.form", button=("decision", "refuser"))
    kept = world.one(Document)
    assert (kept.state, kept.reason) == (DocumentState.REFUSED, "La date est coupée.")
    assert "La date est coupée." in world.one(OutgoingMail).text
    client.get(document_page(paper))
    assert "par Agnès MARTIN" in text(client)


def test_a_document_already_decided_is_stale(app, client, world, family, agent):
    paper = world.sent_document(family.household, category(world))
    client.get(document_page(paper))
    token = client.page.select_one(".case input[name=csrf_token]")["value"]
    other = app.test_client()
    other.sign_in(world.staff(StaffRole.RECEPTION))
    other.submit(document_page(paper), form="form.form", button=("decision", "accepter"))

    answer = client.post(document_page(paper), data={"csrf_token": token, "decision": "accepter"})

    assert answer.status_code == 409
    assert "a déjà reçu une réponse" in text(client)
    assert "Accepté le" in text(client)


def test_a_medical_document_is_reserved(client, world, family, agent):
    kind = category(world, "Vaccination", owner=DocumentOwner.CHILD, is_medical=True)
    paper = world.sent_document(family.household, kind, child=family.leo)
    client.get(DESK)
    assert rows(client) == ["Renseignements réservés document à vérifier, Léo SOLIGNAC 1 h"]
    client.get(document_page(paper))
    assert words(client.page.select_one(".case")) == (
        "Renseignements réservés · SOLIGNAC Renseignements réservés."
    )
    assert client.get(f"{document_page(paper)}/pages/1").status_code == 403

    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))
    client.submit(document_page(paper), form="#pages form")
    (event,) = events(world, MEDICAL_READ)
    assert (event.object_id, event.after) == (family.leo.id, {"place": "un document transmis"})


# --- Booking requests ---------------------------------------------------------------------------------------


def test_a_booking_request_is_decided_in_the_same_queue(client, world, family, agent):
    asked = ask(family, hours_ago=3)
    book_what_was_asked(family)
    change = move(family)
    page = f"{DESK}/reservations/{asked.reference}?structure={family.canteen.facility.id}"
    typed = {"reason": "La sortie est complète."}

    client.submit(page, typed, form=".case form", button=("decision", "refuser"), follow=True)

    assert "2 lignes refusées. La famille est prévenue." in text(client)
    assert words(client.page.find(id="cas")) == "Adresse du foyer · SOLIGNAC"
    assert change_page(change) == client.page.select_one(".queue a")["href"]


# --- Figures ------------------------------------------------------------------------------------------------


@pytest.fixture
def five_hundred(world, family):
    """500 cases that wait: changes of every section, documents, booking requests."""
    kind = category(world)
    nadia = world.pick_up(family.leo)
    alone = world.question(is_per_facility=True)
    answer = f"authorisation:{alone.id}:{family.canteen.facility.id}"
    person = person_to_text(Person("Nadia", "BENALI"))
    now, claire = world.now, family.claire
    households = [world.household(f"FAMILLE {number}") for number in range(10)]
    requests, others = [], []
    for number in range(490):
        sent = now - timedelta(minutes=10 * number)
        home = households[number % 10].id
        if number % 3 == 0:
            requests.append(
                ChangeRequest(
                    reference=f"R-{number:04d}-CHNG", household_id=home,
                    section=FileSection.HOUSEHOLD_ADDRESS,
                    author_user_id=claire.id, author_name="Claire", channel=Channel.PORTAL,
                    submission_key=f"key-{number}", created_at=sent, due_at=sent + CONTROL_TIME,
                )
            )  # fmt: skip
        elif number % 3 == 1:
            others.append(
                Document(
                    category_id=kind.id, household_id=home, state=DocumentState.SUBMITTED,
                    sender_name="Claire",
                    channel=Channel.PORTAL, submitted_at=sent, due_at=sent + CONTROL_TIME,
                    file_key=f"cle-{number}", page_count=1,
                )
            )  # fmt: skip
        else:
            others.append(
                BookingRequest(
                    reference=f"R-{number:04d}-BOOK", household_id=home, author_user_id=claire.id,
                    author_name="Claire", channel=Channel.PORTAL, created_at=sent,
                )
            )  # fmt: skip
    world.add(*requests, *others)
    opening = family.opening(THURSDAY)
    world.add(
        *(
            ChangeLine(
                request_id=row.id, subject_kind=SubjectKind.HOUSEHOLD, subject_id=10_000 + row.id,
                field="city",
                seen_value="Cahors", wanted_value="Pradines", state=ChangeState.PENDING,
            )
            for row in world.all(ChangeRequest)
        ),
        *(
            BookingRequestLine(
                request_id=row.id, child_id=family.leo.id, facility_id=family.canteen.facility.id,
                opening_id=opening.id, presence_type_id=family.canteen.meal.id, day=THURSDAY,
                action=LineAction.BOOK, state=LineState.PENDING, price_cents=320,
            )
            for row in world.all(BookingRequest)
        ),
    )  # fmt: skip
    leo = {"child": family.leo, "hours_ago": 100}
    household, section = family.household, FileSection
    return {
        "address": lambda: move(family, hours_ago=100),
        "diet": lambda: world.change(
            household, claire, section.CHILD_DIET, {"diet": (None, "Sans porc")}, **leo
        ),
        "people": lambda: world.change(
            household, claire, section.CHILD_PEOPLE, {"person": (person, None)}, person=nadia, **leo
        ),
        "answers": lambda: world.change(
            household, claire, section.CHILD_AUTHORISATIONS, {answer: (None, "oui")}, **leo
        ),
        "health": lambda: allergy(family, hours_ago=100),
        "document": lambda: world.sent_document(household, kind, hours_ago=100),
    }


@pytest.mark.parametrize("first", ["address", "diet", "people", "answers", "health", "document", "booking"])
def test_the_queue_of_500_cases_keeps_its_figures(client, world, family, agent, five_hundred, first):
    if first == "booking":
        ask(family, hours_ago=100)
    else:
        five_hundred[first]()
    world.facility("ALSH Saint-Géry")
    client.get(DESK)
    with statements.at_most(MOST_STATEMENTS):
        answer = client.get(DESK)
    assert len(rows(client)) == 30
    assert len(gzip.compress(answer.data)) <= MOST_BYTES
