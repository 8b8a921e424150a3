"""Declared changes: what a family sends, takes back, what the service answers (S33 to S37, S46 to S52)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain import change_rules
from domain.enums import ChangeState, Channel, ChoiceList, FileSection, MailKind, Sex, SubjectKind
from domain.errors import NotFound, Refused, Stale
from domain.family_file import Person, person_from_text
from domain.field_values import FieldErrors
from models import (
    AuditEvent,
    Authorisation,
    AuthorisedPerson,
    ChangeRequest,
    Child,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    ListChoice,
    MedicalRecord,
    OutgoingMail,
)
from services import change_requests
from services.accounts import Author
from tests.change_bench import ACCEPT, REFUSE, Bench

H, G, C, P = SubjectKind.HOUSEHOLD, SubjectKind.GUARDIAN, SubjectKind.CHILD, SubjectKind.PERSON
ADDRESS, CONTACT = FileSection.HOUSEHOLD_ADDRESS, FileSection.ADULT_CONTACT
IDENTITY, MEDICAL = FileSection.CHILD_IDENTITY, FileSection.CHILD_MEDICAL
NADIA = Person("Nadia", "BENALI", "grand-mère", "06 12 34 56 78")


@pytest.fixture
def bench(world):
    return Bench(world)


# --- Declaring ----------------------------------------------------------------------------------------------


def test_a_declared_value_waits_and_the_official_one_stands(bench):
    answer = bench.declare(ADDRESS, address="3 allée des Tilleuls", city="Cahors")
    (line,) = bench.lines()
    request = bench.world.one(ChangeRequest)
    assert (line.field, line.seen_value, line.wanted_value) == (
        "address",
        "12 rue Nationale",
        "3 allée des Tilleuls",
    )
    assert line.state is ChangeState.PENDING
    assert line.decided_at is None
    assert bench.world.one(Household).address == "12 rue Nationale"
    assert answer.pending == ("address",)
    assert answer.unchanged == ("city",)
    assert answer.reference == request.reference
    assert request.due_at == bench.world.now + timedelta(hours=48)
    assert (request.child_id, request.guardian_id, request.author_name) == (None, None, "Claire SOLIGNAC")


def test_a_form_left_as_it_came_makes_no_request(bench):
    answer = bench.declare(ADDRESS, address="12  rue Nationale ", address_extra="")
    assert (answer.reference, answer.lines) == (None, ())
    assert answer.unchanged == ("address", "address_extra")
    assert bench.world.all(ChangeRequest) == []
    assert bench.world.all(AuditEvent) == []


def test_another_value_replaces_the_one_that_waits(bench):
    first = bench.declare(ADDRESS, address="3 allée des Tilleuls")
    second = bench.declare(ADDRESS, address="5 quai Valentré")
    assert [(line.wanted_value, line.state) for line in bench.lines()] == [
        ("3 allée des Tilleuls", ChangeState.REPLACED),
        ("5 quai Valentré", ChangeState.PENDING),
    ]
    assert (bench.lines()[0].decided_at, bench.lines()[0].reason) == (bench.world.now, "")
    assert first.reference != second.reference
    event = bench.events()[-1]
    assert (event.before, event.after) == ({"address": "12 rue Nationale"}, {"address": "5 quai Valentré"})


def test_the_value_that_waits_sent_again_is_no_second_line(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    assert bench.declare(ADDRESS, address="3 allée des Tilleuls").lines == ()
    assert len(bench.lines()) == 1


def test_the_official_value_declared_again_withdraws_what_waits(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    answer = bench.declare(ADDRESS, address="12 rue Nationale")
    assert answer.withdrawn == ("address",)
    assert answer.reference is None
    assert bench.states() == [ChangeState.WITHDRAWN]
    assert len(bench.world.all(ChangeRequest)) == 1
    event = bench.events()[-1]
    assert event.action == "change.withdrawn"
    assert (event.before, event.after) == (
        {"address": "3 allée des Tilleuls"},
        {"address": "12 rue Nationale"},
    )


def test_the_same_form_sent_twice_is_one_request(bench):
    first = bench.declare(ADDRESS, key="one", address="3 allée des Tilleuls")
    again = bench.declare(ADDRESS, key="one", address="3 allée des Tilleuls")
    assert (again.reference, again.due_at, again.pending) == (first.reference, first.due_at, ("address",))
    assert len(bench.lines()) == 1
    assert len(bench.world.all(AuditEvent)) == 1


def test_another_persons_key_tells_nothing(bench):
    bench.declare(ADDRESS, key="one", address="3 allée des Tilleuls")
    with pytest.raises(NotFound):
        bench.declare(ADDRESS, key="one", author=bench.world.user().id, address="5 quai Valentré")


def test_a_form_shown_before_the_other_parent_declared_undoes_nothing(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    bench.declare(
        ADDRESS,
        shown={"address": "12 rue Nationale", "city": "Cahors"},
        address="12 rue Nationale",
        city="Pradines",
    )
    assert [(line.field, line.state) for line in bench.lines()] == [
        ("address", ChangeState.PENDING),
        ("city", ChangeState.PENDING),
    ]


def test_a_field_left_alone_does_not_undo_what_the_service_changed_meanwhile(bench):
    bench.set(Household, bench.home.id, city="Pradines")
    answer = bench.declare(ADDRESS, seen={"city": "Cahors"}, city="Cahors")
    assert answer.unchanged == ("city",)
    assert bench.lines() == []


def test_without_control_it_is_official_at_once(bench):
    bench.rule("guardian.mobile_phone", needs_control=False)
    answer = bench.declare(CONTACT, mobile_phone="0612345678", work_phone="05 65 11 22 33")
    assert (answer.applied, answer.pending) == (("mobile_phone",), ("work_phone",))
    guardian = bench.world.one(Guardian)
    assert (guardian.mobile_phone, guardian.work_phone) == ("06 12 34 56 78", "")
    by_field = {line.field: line for line in bench.lines()}
    assert by_field["mobile_phone"].state is ChangeState.ACCEPTED
    assert by_field["mobile_phone"].decided_at == bench.world.now
    assert by_field["mobile_phone"].decided_by_user_id is None
    assert [event.action for event in bench.events()] == ["change.declared", "change.applied"]


def test_without_control_a_value_that_the_service_changed_meanwhile_is_decided_by_somebody(bench):
    bench.rule("guardian.mobile_phone", needs_control=False)
    bench.set(Guardian, bench.claire.id, mobile_phone="06 00 00 00 01")
    answer = bench.declare(CONTACT, seen={"mobile_phone": None}, mobile_phone="06 12 34 56 78")
    assert answer.pending == ("mobile_phone",)
    assert bench.world.one(Guardian).mobile_phone == "06 00 00 00 01"


@pytest.mark.parametrize("policy", [{"is_shown": False}, {"is_editable": False}])
def test_a_field_that_the_town_keeps_for_itself_is_refused(bench, policy):
    bench.rule("household.city", **policy)
    with pytest.raises(Refused) as refused:
        bench.declare(ADDRESS, city="Pradines")
    assert refused.value.code == "not_editable"
    assert "Ville" in refused.value.message


@pytest.mark.parametrize(
    ("section", "kind", "name"),
    [(ADDRESS, H, "number"), (ADDRESS, H, "family_situation"), (CONTACT, H, "mobile_phone")],
)
def test_a_field_of_another_form_is_nowhere(bench, section, kind, name):
    with pytest.raises(NotFound):
        bench.declare(section, kind=kind, **{name: "x"})


def test_instructions_field_by_field(bench):
    with pytest.raises(FieldErrors) as refused:
        bench.declare(ADDRESS, address="", postcode="4600", city="x" * 101)
    assert set(refused.value.errors) == {"address", "postcode", "city"}
    assert refused.value.errors["postcode"] == "Indiquez un code postal de cinq chiffres, par exemple 46000."
    assert bench.lines() == []


def test_a_long_text_keeps_its_lines(bench):
    bench.declare(MEDICAL, conduct="Appeler le 15,\r\n puis  nous.")
    assert bench.lines()[0].wanted_value == "Appeler le 15,\npuis nous."
    assert bench.declare(MEDICAL, conduct="Appeler le 15,\npuis nous.").lines == ()


def test_a_required_field_left_empty_as_it_came_is_asked_for(bench):
    bench.set(Household, bench.home.id, city="")
    with pytest.raises(FieldErrors) as refused:
        bench.declare(ADDRESS, city="")
    assert set(refused.value.errors) == {"city"}


def test_an_old_value_left_as_it_came_is_not_checked_again(bench):
    bench.set(Guardian, bench.claire.id, home_phone="demander à la voisine")
    bench.declare(CONTACT, home_phone="demander à la voisine", workplace="Cahors")
    assert [line.field for line in bench.lines()] == ["workplace"]


@pytest.mark.parametrize("is_own", [True, False])
def test_only_an_iban_whose_key_is_right(bench, is_own):
    iban = "fr76 3000 6000 0112 3456 7890 189" if is_own else "FR76 3000 6000 0112 3456 7890 188"
    if not is_own:
        with pytest.raises(FieldErrors):
            bench.declare(FileSection.ADULT_BANK, iban=iban)
        return
    bench.declare(FileSection.ADULT_BANK, iban=iban)
    assert bench.lines()[0].wanted_value == "FR7630006000011234567890189"
    assert bench.events()[0].after == {"iban": "•••"}


def test_a_word_of_the_towns_list(bench):
    bench.world.add(
        ListChoice(kind=ChoiceList.DIET, label="Sans porc"),
        ListChoice(kind=ChoiceList.DIET, label="Ancien", is_active=False),
    )
    answer = bench.declare(FileSection.CHILD_DIET, diet="Sans porc", diet_note="")
    assert (answer.pending, answer.unchanged) == (("diet",), ("diet_note",))
    for word in ("Ancien", "Autre"):
        with pytest.raises(FieldErrors):
            bench.declare(FileSection.CHILD_DIET, diet=word)


@pytest.mark.parametrize("subject", ["household", "adult", "child", "restricted child"])
def test_somebody_elses_file_is_nowhere(bench, subject):
    other = bench.world.household("AUTRE")
    sections = {
        "household": (ADDRESS, H, other.id, "city"),
        "adult": (CONTACT, G, bench.world.guardian(other).id, "workplace"),
        "child": (IDENTITY, C, bench.world.child(other).id, "birth_place"),
        "restricted child": (IDENTITY, C, bench.leo.id, "birth_place"),
    }
    if subject == "restricted child":
        bench.set_link(bench.home.id, bench.leo.id, is_restricted=True)
    section, kind, subject_id, name = sections[subject]
    with pytest.raises(NotFound):
        bench.declare(section, kind=kind, subject_id=subject_id, **{name: "Cahors"})


def test_safety_is_marked(bench):
    bench.declare(MEDICAL, food_allergies="arachide", doctor_name="Dr Roux")
    assert {line.field: line.is_safety for line in bench.lines()} == {
        "food_allergies": True,
        "doctor_name": False,
    }
    assert bench.events()[0].after == {"food_allergies": "•••", "doctor_name": "•••"}


def test_a_word_taken_off_the_list_may_stay_where_it_stands(bench):
    bench.world.add(ListChoice(kind=ChoiceList.DIET, label="Sans porc"))
    bench.set(Child, bench.leo.id, diet="Ancien")
    bench.declare(FileSection.CHILD_DIET, diet="Sans porc")
    assert bench.declare(FileSection.CHILD_DIET, diet="Ancien").withdrawn == ("diet",)


# --- Taking back --------------------------------------------------------------------------------------------


def test_a_change_that_waits_is_taken_back(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    bench.withdraw()
    assert bench.states() == [ChangeState.WITHDRAWN]
    event = bench.events()[-1]
    assert (event.action, event.before, event.after) == (
        "change.withdrawn",
        {"address": "3 allée des Tilleuls"},
        {"address": "12 rue Nationale"},
    )
    with pytest.raises(Stale):
        bench.withdraw()


def test_only_the_household_takes_back(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    with pytest.raises(NotFound):
        bench.withdraw(household_id=bench.world.household("AUTRE").id)
    with pytest.raises(NotFound):
        bench.withdraw(line_id=999)
    assert bench.states() == [ChangeState.PENDING]


# --- Answering ----------------------------------------------------------------------------------------------


def test_accepting_makes_it_official_field_by_field(bench):
    bench.declare(CONTACT, mobile_phone="06 12 34 56 78", work_phone="05 65 11 22 33")
    mobile, work = bench.lines()
    outcome = bench.decide({mobile.id: ACCEPT, work.id: REFUSE}, {work.id: "Numéro d’une autre personne."})
    assert (outcome.accepted, outcome.refused, outcome.waiting) == (1, 1, 0)
    guardian = bench.world.one(Guardian)
    assert (guardian.mobile_phone, guardian.work_phone) == ("06 12 34 56 78", "")
    mobile, work = bench.lines()
    assert (mobile.state, work.state) == (ChangeState.ACCEPTED, ChangeState.REFUSED)
    assert (work.reason, work.decided_by_user_id) == ("Numéro d’une autre personne.", bench.agent.id)
    accepted, refused = bench.events()[-2:]
    assert (accepted.action, accepted.before, accepted.after) == (
        "change.accepted",
        {"mobile_phone": None},
        {"mobile_phone": "06 12 34 56 78"},
    )
    assert (accepted.actor_user_id, accepted.household_id) == (bench.agent.id, bench.home.id)
    assert (accepted.object_type, accepted.object_id) == ("guardian", bench.claire.id)
    assert refused.action == "change.refused"


def test_part_of_a_request_may_wait(bench):
    bench.declare(CONTACT, mobile_phone="06 12 34 56 78", work_phone="05 65 11 22 33")
    mobile, _ = bench.lines()
    outcome = bench.decide({mobile.id: ACCEPT})
    assert (outcome.accepted, outcome.refused, outcome.waiting) == (1, 0, 1)
    assert bench.states() == [ChangeState.ACCEPTED, ChangeState.PENDING]


def test_a_sheet_that_was_merged_meanwhile_is_neither_changed_nor_answered(bench):
    bench.declare(IDENTITY, first_name="Léonie")
    (line,) = bench.lines()
    kept = bench.world.child(bench.world.one(Household), "Léonie")
    bench.set(Child, bench.leo.id, merged_into_id=kept.id)
    with pytest.raises(Stale):
        bench.decide({line.id: ACCEPT})
    with pytest.raises(Stale):
        bench.declare(IDENTITY, first_name="Léon")
    assert bench.states() == [ChangeState.PENDING]


def test_the_author_reads_the_answer_by_mail(bench):
    bench.declare(CONTACT, mobile_phone="06 12 34 56 78", work_phone="05 65 11 22 33")
    mobile, work = bench.lines()
    bench.decide({mobile.id: ACCEPT, work.id: REFUSE}, {work.id: "Numéro d’une autre personne."})
    mail = bench.world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.CHANGE_DECISION, bench.user.email)
    assert bench.world.one(ChangeRequest).reference in mail.subject
    told = ("06 12 34 56 78", "Acceptée", "05 65 11 22 33", "Refusée")
    places = [mail.text.index(words) for words in told]
    assert places == sorted(places)
    for part in (mail.text, mail.html):
        assert "06 12 34 56 78" in part
        assert "Numéro d’une autre personne." in part
        assert "https://portail.test/mon-compte" in part


def test_a_mail_names_a_health_field_and_not_its_value(bench):
    bench.declare(MEDICAL, food_allergies="arachide", conduct="stylo")
    allergy, conduct = bench.lines()
    bench.decide(
        {allergy.id: ACCEPT, conduct.id: REFUSE},
        {conduct.id: "Le stylo contre l’arachide manque."},
        may_read_medical=True,
    )
    mail = bench.world.one(OutgoingMail)
    assert "Allergies alimentaires" in mail.text
    assert "Refusée. Le motif est sur le portail." in mail.text
    assert f"https://portail.test/mes-enfants/{bench.leo.id}" in mail.html
    assert "arachide" not in mail.text + mail.html + mail.subject
    assert not any("arachide" in str((event.before, event.after)) for event in bench.events())


def test_a_refusal_says_why(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    line = bench.lines()[0]
    for reasons in ({line.id: "  "}, {}, {line.id + 1: "Illisible."}):
        with pytest.raises(Refused) as refused:
            bench.decide({line.id: REFUSE}, reasons)
        assert refused.value.code == "reason_missing"
    assert bench.states() == [ChangeState.PENDING]


def test_each_refusal_of_an_answer_says_why(bench):
    bench.declare(CONTACT, mobile_phone="06 12 34 56 78", work_phone="05 65 11 22 33")
    mobile, work = bench.lines()
    with pytest.raises(Refused):
        bench.decide({mobile.id: ACCEPT, work.id: REFUSE}, {mobile.id: "Merci."})
    assert bench.states() == [ChangeState.PENDING] * 2


def test_an_answer_answers_something(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    with pytest.raises(Refused) as refused:
        bench.decide({}, request_id=bench.world.one(ChangeRequest).id)
    assert refused.value.code == "empty"
    with pytest.raises(ValueError, match="ACCEPTED or REFUSED"):
        bench.decide({bench.lines()[0].id: ChangeState.WITHDRAWN})


def test_a_line_is_answered_once(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    line = bench.lines()[0]
    bench.decide({line.id: ACCEPT})
    with pytest.raises(Stale):
        bench.decide({line.id: REFUSE}, {line.id: "Non."})
    assert bench.world.one(Household).address == "3 allée des Tilleuls"
    assert len(bench.world.all(OutgoingMail)) == 1


def test_all_the_answers_or_none(bench):
    bench.declare(CONTACT, mobile_phone="06 12 34 56 78", work_phone="05 65 11 22 33")
    mobile, work = bench.lines()
    bench.decide({work.id: ACCEPT})
    with pytest.raises(Stale):
        bench.decide({mobile.id: ACCEPT, work.id: ACCEPT})
    assert bench.states() == [ChangeState.PENDING, ChangeState.ACCEPTED]
    assert bench.world.one(Guardian).mobile_phone == ""


def test_lines_of_another_request_are_nowhere(bench):
    bench.declare(ADDRESS, address="3 allée des Tilleuls")
    bench.declare(CONTACT, workplace="Cahors")
    first, second = bench.lines()
    with pytest.raises(NotFound):
        bench.decide({first.id: ACCEPT, second.id: ACCEPT}, request_id=first.request_id)
    with pytest.raises(NotFound):
        bench.decide({first.id: ACCEPT}, request_id=999)


def test_what_the_agent_has_not_seen_is_not_overwritten(bench):
    bench.declare(ADDRESS, city="Pradines")
    line = bench.lines()[0]
    seen_before = {line.id: change_rules.fingerprint("Cahors")}
    bench.set(Household, bench.home.id, city="Mercuès")
    for current in (seen_before, {}):
        with pytest.raises(Stale):
            bench.decide({line.id: ACCEPT}, current=current)
    assert bench.world.one(Household).city == "Mercuès"
    assert bench.states() == [ChangeState.PENDING]
    bench.decide({line.id: ACCEPT}, current={line.id: change_rules.fingerprint("Mercuès")})
    assert bench.world.one(Household).city == "Pradines"
    assert bench.events()[-1].before == {"city": "Mercuès"}


def test_health_is_answered_by_who_may_read_it(bench):
    bench.declare(MEDICAL, food_allergies="arachide")
    line = bench.lines()[0]
    with pytest.raises(Refused) as refused, bench.app.app_context():
        change_requests.decide(
            line.request_id,
            {line.id: ACCEPT},
            {},
            current=bench.fingerprints([line.id]),
            author=Author(bench.agent.id),
            now=bench.world.now,
        )
    assert refused.value.code == "medical_right"
    bench.decide({line.id: ACCEPT}, may_read_medical=True)
    assert bench.official(C, bench.leo.id)["food_allergies"] == "arachide"


def test_health_is_one_record_that_keeps_its_other_fields(bench):
    bench.declare(MEDICAL, food_allergies="arachide", doctor_name="Dr Roux")
    bench.decide({line.id: ACCEPT for line in bench.lines()}, may_read_medical=True)
    bench.declare(MEDICAL, food_allergies="", has_pai="oui")
    bench.decide({line.id: ACCEPT for line in bench.lines()[2:]}, may_read_medical=True)
    values = bench.official(C, bench.leo.id)
    assert (values["food_allergies"], values["doctor_name"], values["has_pai"]) == (None, "Dr Roux", "oui")
    record = bench.world.one(MedicalRecord)
    assert record.updated_at == bench.world.now
    assert "food_allergies" not in record.content


def test_every_kind_of_column(bench):
    bench.declare(
        IDENTITY, birth_date="03/02/2018", sex="female", birth_place="Figeac", last_name="SOLIGNAC-ROUX"
    )
    bench.declare(FileSection.HOUSEHOLD_SITUATION, social_fund="msa", beneficiary_number="0123456")
    bench.declare(FileSection.ADULT_BANK, iban="FR7630006000011234567890189")
    bench.accept_all()
    child, guardian, home = bench.world.one(Child), bench.world.one(Guardian), bench.world.one(Household)
    assert (child.birth_date, child.sex, child.birth_place) == (date(2018, 2, 3), Sex.FEMALE, "Figeac")
    assert guardian.iban == "FR7630006000011234567890189"
    assert (home.social_fund.value, home.beneficiary_number) == ("msa", "0123456")
    assert home.search_text == "solignac claire roux leo"
    bench.declare(FileSection.HOUSEHOLD_SITUATION, social_fund="", beneficiary_number="")
    bench.declare(FileSection.ADULT_BANK, iban="")
    bench.accept_all()
    home = bench.world.one(Household)
    assert (home.social_fund, home.beneficiary_number) == (None, "")
    assert bench.world.one(Guardian).iban is None


def test_a_name_changes_in_the_search_of_every_household(bench):
    other = bench.world.household("AUTRE")
    bench.world.add(HouseholdChild(household_id=other.id, child_id=bench.leo.id))
    bench.declare(IDENTITY, first_name="Léonie")
    bench.accept_all()
    found = bench.world.all(select(Household).where(Household.search_text.contains("leonie")))
    assert {home.id for home in found} == {bench.home.id, other.id}


def test_an_accepted_address_keeps_the_former_one(bench):
    bench.set(Household, bench.home.id, address_since=date(2020, 9, 1))
    bench.declare(ADDRESS, address="5 quai Valentré", postcode="46090", city="Pradines")
    bench.accept_all()
    former, home = bench.world.one(FormerAddress), bench.world.one(Household)
    assert (former.address, former.postcode, former.city) == ("12 rue Nationale", "46000", "Cahors")
    assert (former.valid_from, former.valid_to) == (date(2020, 9, 1), date(2027, 1, 11))
    assert former.residency is bench.home.residency
    assert (home.address, home.city, home.address_since) == ("5 quai Valentré", "Pradines", date(2027, 1, 12))


# --- People who fetch the child -----------------------------------------------------------------------------


def test_somebody_is_added_changed_and_removed(bench):
    bench.person(None, NADIA)
    assert bench.world.all(AuthorisedPerson) == []
    assert bench.lines()[0].is_safety is False
    bench.accept_all()
    row = bench.world.one(AuthorisedPerson)
    assert (row.child_id, row.first_name, row.phone) == (bench.leo.id, "Nadia", "06 12 34 56 78")
    bench.person(row.id, Person("Nadia", "BENALI", "grand-mère", "0699999999"))
    bench.accept_all()
    assert bench.world.one(AuthorisedPerson).phone == "06 99 99 99 99"
    bench.person(row.id, None)
    assert bench.lines()[-1].is_safety is True
    bench.accept_all()
    assert bench.world.all(AuthorisedPerson) == []
    assert [event.action for event in bench.events()] == ["change.declared", "change.accepted"] * 3
    assert bench.events()[-1].before == {"person": "Nadia BENALI, grand-mère, 06 99 99 99 99, vient chercher"}


def test_an_addition_that_waits_is_changed_or_taken_back(bench):
    bench.person(None, NADIA)
    added = bench.lines()[0].field
    bench.person(None, Person("Nadia", "BENALI"), added=added)
    assert [(line.field, line.state) for line in bench.lines()] == [
        (added, ChangeState.REPLACED),
        (added, ChangeState.PENDING),
    ]
    bench.person(None, None, added=added)
    assert bench.states() == [ChangeState.REPLACED, ChangeState.WITHDRAWN]
    with pytest.raises(Stale):
        bench.person(None, NADIA, added=added)
    with pytest.raises(NotFound):
        bench.person(None, NADIA, added="address")


def test_a_removal_is_taken_back(bench):
    row = bench.known_person(NADIA)
    bench.person(row.id, None)
    bench.withdraw()
    assert bench.states() == [ChangeState.WITHDRAWN]
    event = bench.events()[-1]
    assert (event.object_type, event.object_id) == ("child", bench.leo.id)
    assert event.after == {"person": NADIA.words}


def test_two_people_may_be_added(bench):
    bench.person(None, NADIA)
    bench.person(None, Person("Paul", "ROUX"))
    assert bench.states() == [ChangeState.PENDING] * 2
    bench.accept_all()
    assert sorted(row.first_name for row in bench.world.all(AuthorisedPerson)) == ["Nadia", "Paul"]


def test_a_change_of_somebody_whom_the_service_removed_meanwhile_is_a_conflict(bench):
    row = bench.known_person(NADIA)
    bench.person(row.id, Person("Nadia", "BENALI", "tante"))
    bench.record_person(row.id, None)
    line = bench.lines()[0]
    assert bench.world.all(AuthorisedPerson) == []
    with pytest.raises(Stale):
        bench.decide({line.id: ACCEPT}, current={line.id: change_rules.fingerprint(line.seen_value)})
    bench.decide({line.id: ACCEPT}, current={line.id: change_rules.fingerprint(None)})
    assert bench.world.one(AuthorisedPerson).relationship == "tante"


def test_who_no_longer_fetches_the_child_is_safety(bench):
    row = bench.known_person(NADIA)
    bench.person(row.id, Person("Nadia", "BENALI", may_collect=False, is_emergency_contact=True))
    assert bench.lines()[0].is_safety is True


def test_people_of_another_child_are_nowhere(bench):
    row = bench.known_person(NADIA)
    sister = bench.world.child(bench.home, "Zoé")
    with pytest.raises(NotFound):
        bench.person(row.id, None, child_id=sister.id)
    with pytest.raises(NotFound):
        bench.person(None, None)


def test_instructions_for_a_person(bench):
    with pytest.raises(FieldErrors) as refused:
        bench.person(None, Person("", "BENALI", phone="06", may_collect=False))
    assert set(refused.value.errors) == {"first_name", "phone", "may_collect"}


def test_people_kept_for_the_service(bench):
    bench.rule("child.people", is_editable=False)
    with pytest.raises(Refused) as refused:
        bench.person(None, NADIA)
    assert refused.value.code == "not_editable"


# --- Authorisations -----------------------------------------------------------------------------------------


def test_an_answer_has_its_author_and_its_day_and_the_former_one_stays(bench):
    alone = bench.question("Partir seul", is_safety=True)
    bench.answer({(alone.id, None): True})
    declared_at = bench.world.now
    bench.wait(hours=5)
    bench.accept_all()
    first = bench.world.one(Authorisation)
    assert (first.is_allowed, first.author_name, first.given_at) == (True, "Claire SOLIGNAC", declared_at)
    bench.answer({(alone.id, None): False})
    assert [line.is_safety for line in bench.lines()] == [False, True]
    bench.accept_all()
    former, current = bench.world.all(select(Authorisation).order_by(Authorisation.id))
    assert former.ended_at == bench.world.now
    assert (current.is_allowed, current.ended_at) == (False, None)


def test_an_answer_for_each_facility(bench):
    alone = bench.question("Partir seul", is_per_facility=True)
    school, centre = bench.world.facility("École"), bench.world.facility("Centre")
    bench.answer({(alone.id, school.id): True, (alone.id, centre.id): False})
    bench.accept_all()
    bench.answer({(alone.id, school.id): False})
    bench.accept_all()
    standing = {
        row.facility_id: row.is_allowed for row in bench.world.all(Authorisation) if row.ended_at is None
    }
    assert standing == {school.id: False, centre.id: False}


def test_a_question_that_the_town_does_not_put_is_nowhere(bench):
    photo = bench.question("Photo", is_active=False)
    alone = bench.question("Partir seul", is_per_facility=True)
    for question in ((photo.id, None), (alone.id, None), (alone.id, 999), (999, None)):
        with pytest.raises(NotFound):
            bench.answer({question: True})


# --- Told to an agent ---------------------------------------------------------------------------------------


def test_what_an_agent_types_is_official_at_once_with_its_channel(bench):
    bench.record(CONTACT, channel=Channel.PHONE, mobile_phone="06 12 34 56 78")
    assert bench.world.one(Guardian).mobile_phone == "06 12 34 56 78"
    (line,) = bench.lines()
    assert (line.state, line.decided_by_user_id) == (ChangeState.ACCEPTED, bench.agent.id)
    assert bench.world.one(ChangeRequest).channel is Channel.PHONE
    (event,) = bench.events()
    assert (event.action, event.channel) == ("change.applied", Channel.PHONE)
    assert bench.world.all(OutgoingMail) == []


def test_an_agent_does_not_overwrite_what_a_colleague_changed(bench):
    with pytest.raises(Stale):
        bench.record(ADDRESS, seen={"city": "Figeac"}, city="Pradines")
    assert bench.lines() == []


def test_what_the_family_declared_stays_to_be_answered(bench):
    bench.declare(ADDRESS, city="Pradines")
    bench.record(ADDRESS, city="Mercuès")
    assert bench.states() == [ChangeState.PENDING, ChangeState.ACCEPTED]
    assert bench.world.one(Household).city == "Mercuès"


def test_the_very_value_that_the_family_declared_answers_it(bench):
    bench.declare(ADDRESS, city="Pradines")
    bench.record(ADDRESS, city="Pradines")
    assert bench.states() == [ChangeState.ACCEPTED]
    assert bench.world.one(Household).city == "Pradines"
    assert bench.world.one(OutgoingMail).kind is MailKind.CHANGE_DECISION


def test_an_agent_writes_health_with_the_right_only(bench):
    with pytest.raises(Refused):
        bench.record(MEDICAL, food_allergies="arachide")
    bench.record(MEDICAL, may_read_medical=True, food_allergies="arachide")
    assert bench.official(C, bench.leo.id)["food_allergies"] == "arachide"


def test_an_agent_may_leave_empty_what_is_asked_of_families_but_a_name(bench):
    bench.record(ADDRESS, address="")
    assert bench.world.one(Household).address == ""
    with pytest.raises(FieldErrors):
        bench.record(IDENTITY, first_name="")


def test_an_agent_adds_a_person_and_notes_an_answer(bench):
    photo = bench.question("Photo")
    bench.record_person(None, NADIA)
    bench.record_answer({(photo.id, None): True})
    assert person_from_text(bench.lines()[0].wanted_value) == NADIA
    assert bench.world.one(AuthorisedPerson).first_name == "Nadia"
    assert bench.world.one(Authorisation).author_name == "Agnès MARTIN"
    assert bench.states() == [ChangeState.ACCEPTED] * 2
