"""The règlement on screen: versions, draft, import, what changes, publication, limits and prices."""

import json
from datetime import date, timedelta
from io import BytesIO

import pytest

from domain.enums import StaffRole
from models import AuditEvent, RulebookVersion
from tests import rulebook_texts as written
from tests.factories import weekdays

HOME = "/gestion/reglement"
DRAFT = f"{HOME}/brouillon"
PUBLISH = f"{HOME}/brouillon/publier"
TODAY = date(2027, 1, 12)


@pytest.fixture
def town(world, client):
    """A town with a canteen, priced by quotient, and its administrator signed in."""
    made = world.canteen(weekdays(TODAY, date(2027, 3, 31)))
    price = written.table(
        *(
            {"residence": home, "quotient": quotient, "valeur": value}
            for home, more in (("commune", 0), ("hors_commune", 2))
            for quotient, value in (
                ({"de": "0", "moins_de": "700"}, f"{2 + more}.50"),
                ({"de": "700"}, f"{3 + more}.50"),
                ("inconnu", f"{4 + more}.50"),
            )
        )
    )
    world.presence_type(made.activity, "Panier", price=price)
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    return made


def in_force(world) -> RulebookVersion:
    return next(one for one in world.all(RulebookVersion) if not one.is_draft)


def edited(world, change) -> str:
    """The text in force, changed as a person would."""
    tree = json.loads(in_force(world).text)
    change(tree)
    return json.dumps(tree, ensure_ascii=False)


def dearer(tree) -> None:
    rows = tree["activites"]["cantine"]["tarif"]["prix"]["cas"][1]["valeur"]["table"]["lignes"]
    rows[0]["valeur"] = "2.70"


def save(client, text: str, **more):
    return client.submit(DRAFT, {"text": text, **more}, form=DRAFT)


def words(client) -> str:
    return " ".join(client.page.main.get_text(" ").split())


def test_the_page_lists_the_version_in_force_and_offers_a_draft(client, town):
    client.get(HOME)
    said = words(client)
    assert "En vigueur Règlement 2026-2027" in said
    assert "Depuis le lundi 1er septembre 2025" in said
    assert "Commencer un brouillon" in said


def test_a_text_tells_each_rule_and_its_place(client, world, town):
    client.get(f"{HOME}/{in_force(world).id}")
    said = words(client)
    assert "Cantine" in said
    assert "activites.cantine.delais[1]" in said
    assert "18\u00a0h" in client.page.main.get_text()


def test_the_limits_are_those_of_the_open_days_of_twelve_weeks(client, world, town):
    client.get(f"{HOME}/{in_force(world).id}/limites?activite=cantine")
    rows = client.page.select("tbody tr")
    last_shown = TODAY + timedelta(weeks=12)
    days = [opening.day for opening in town.openings if opening.day < last_shown]
    assert len(rows) == 2 * len(days)  # booking and cancelling
    first = " ".join(rows[2].get_text(" ").split())
    assert first.startswith("jeudi 14 janvier Réserver Possible jusqu’au mercredi 13 janvier, 18 h")
    assert "Refusé" in first


def test_a_limit_says_its_channels_its_condition_and_the_requests_that_it_governs(client, world, town):
    def change(tree):
        eve = tree["activites"]["cantine"]["delais"][0]["etapes"][0]["jusqu_a"]
        free = {"jusqu_a": eve, "effet": "libre"}
        desk = {"actions": ["reserver"], "canaux": ["guichet"], "ensuite": "refus"}
        desk["etapes"] = [{**free, "si": {"residence": "commune"}}]
        rest = {"actions": ["reserver"], "canaux": "tous", "etapes": [free], "ensuite": "refus"}
        tree["activites"]["cantine"]["delais"] = {
            "versions": [
                {"nom": "hiver", "du": "2025-09-01", "au": "2027-01-31", "regle": [desk, rest]},
                {"nom": "printemps", "du": "2027-02-01", "regle": [rest]},
            ]
        }

    save(client, edited(world, change))
    draft = next(one for one in world.all(RulebookVersion) if one.is_draft)
    client.get(f"{HOME}/{draft.id}/limites?activite=cantine")
    rows = [" ".join(row.get_text(" ").split()) for row in client.page.select("tbody tr")]
    in_january = [row for row in rows if row.startswith("jeudi 28 janvier")]
    assert [row.split(" Possible ")[0] for row in in_january] == [
        "jeudi 28 janvier Réserver (guichet)",
        "jeudi 28 janvier Réserver (autres canaux)",
    ]
    assert "si la résidence est «\u00a0commune\u00a0»" in client.page.main.get_text()
    later = "jeudi 11 février Réserver"
    assert [
        row for row in rows if row.startswith(f"{later}, demandes faites à partir du lundi 1er février 2027")
    ]
    assert [row for row in rows if row.startswith(later) and row.endswith("Une autre version du délai")]


def test_the_prices_show_each_bound_and_a_cent_around_it(client, world, town):
    client.get(f"{HOME}/{in_force(world).id}/prix?activite=cantine")
    assert client.page.select("table")
    tables = {
        " ".join(one.h2.get_text(" ").split()): {
            " ".join(row.th.get_text(" ").split()): " ".join(row.td.get_text(" ").split())
            for row in one.select("tbody tr")
        }
        for one in client.page.select("section.card")
    }
    (title,) = (one for one in tables if "anier" in one and "hors" not in one)
    prices = tables[title]
    assert prices["Quotient familial 699,99"] == "2,50 €"
    assert prices["Quotient familial 700"] == "3,50 €"
    assert prices["Quotient familial 700,01"] == "3,50 €"
    assert prices["Quotient familial inconnu"] == "4,50 €"


def test_the_file_is_exported_as_it_was_written(client, world, town):
    row = in_force(world)
    answer = client.get(f"{HOME}/{row.id}/telecharger")
    assert answer.text == row.text
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="reglement-reglement-2026-2027-2025-09-01.yaml"'
    )


def test_a_broken_text_is_refused_whole_with_every_fault_and_nothing_is_lost(client, world, town):
    def breaks(tree):
        tree["activites"]["cantine"]["delais"][0]["etapes"][0]["jusqu_a"]["heure"] = "25:00"
        del tree["activites"]["cantine"]["tarif"]["arrondi"]

    text = edited(world, breaks)
    answer = save(client, text)
    assert answer.status_code == 422
    said = words(client)
    assert "2 erreurs à corriger" in said
    assert "activites.cantine.tarif" in said
    assert "une heure entre 00:00 et 24:00" in said
    assert client.page.find("textarea").get_text().strip() == text
    assert len(world.all(RulebookVersion)) == 1


def test_a_draft_says_what_it_changes_then_is_published_from_a_day(client, world, town):
    assert save(client, edited(world, dearer)).location == PUBLISH
    client.get(PUBLISH)
    said = words(client)
    assert "2,50 € → 2,70 € (+0,20 €)" in said.replace("\u00a0", " ").replace("\u202f", " ")
    assert "de 0 à moins de 700" in said or "moins de 700" in said
    answer = client.submit(PUBLISH, {"valid_from": "2027-02-01"}, form=PUBLISH, button=("etape", "publier"))
    assert answer.location == HOME
    versions = sorted(world.all(RulebookVersion), key=lambda one: one.valid_from)
    assert [(one.valid_from, one.valid_to) for one in versions] == [
        (date(2025, 9, 1), date(2027, 1, 31)),
        (date(2027, 2, 1), None),
    ]
    acts = [event.action for event in world.all(AuditEvent)]
    assert "rulebook_version.created" in acts


def test_the_same_text_changes_nothing_and_says_so(client, world, town):
    save(client, in_force(world).text)
    client.get(PUBLISH)
    assert "Rien ne change pour les familles." in words(client)


def test_a_draft_that_changes_absences_only_says_what_it_does_not_work_out(client, world, town):
    def due(tree):
        tree["activites"]["cantine"]["absences"] = [{"nom": "toute absence", "si": "toujours", "du": "tout"}]

    save(client, edited(world, due))
    client.get(PUBLISH)
    said = words(client).replace("\u00a0", " ")
    assert "Rien ne change" not in said
    assert "sans que l’effet en soit calculé ici : les absences (Cantine)." in said
    assert "toute absence" in said


def test_what_was_not_looked_at_is_not_published(client, world, town):
    save(client, edited(world, dearer))
    client.get(PUBLISH)
    seen = client.page.find("input", {"name": "fingerprint"})["value"]
    save(client, in_force(world).text)
    answer = client.submit(
        PUBLISH, {"valid_from": "2027-02-01", "fingerprint": seen}, form=PUBLISH, button=("etape", "publier")
    )
    assert answer.status_code == 422
    assert "Le brouillon a changé entre-temps" in words(client)
    assert len(world.all(RulebookVersion)) == 2


@pytest.mark.parametrize("day", ["2027-01-11", "2025-09-01", ""])
def test_the_past_is_not_rewritten(client, world, town, day):
    save(client, edited(world, dearer))
    answer = client.submit(PUBLISH, {"valid_from": day}, form=PUBLISH, button=("etape", "publier"))
    assert answer.status_code == 422
    assert client.page.select_one(".field.bad input[name=valid_from]")
    assert in_force(world).valid_to is None


def test_a_file_takes_the_place_of_the_text(client, world, town):
    upload = (BytesIO(edited(world, dearer).encode()), "reglement.yaml")
    save(client, "illisible", upload=upload)
    draft = next(one for one in world.all(RulebookVersion) if one.is_draft)
    assert '"2.70"' in draft.text


def test_a_file_that_is_no_text_is_refused(client, world, town):
    answer = save(client, "", upload=(BytesIO(b"\xff\xfe\x00PK"), "reglement.yaml"))
    assert answer.status_code == 422
    assert "n’est pas du texte UTF-8" in words(client)


def test_a_draft_is_abandoned(client, world, town):
    save(client, edited(world, dearer))
    client.submit(HOME, form=f"{DRAFT}/abandonner")
    assert len(world.all(RulebookVersion)) == 1


def test_a_version_to_come_is_withdrawn_and_the_former_goes_on(client, world, town):
    dearer(world.rulebook)
    later = world.write_rulebook(date(2027, 9, 1))
    client.submit(HOME, form=f"{HOME}/{later.id}/retirer")
    assert [(one.valid_from, one.valid_to) for one in world.all(RulebookVersion)] == [
        (date(2025, 9, 1), None)
    ]


def test_a_version_in_force_cannot_be_withdrawn(client, world, town):
    client.get(HOME)
    token = client.page.find("input", {"name": "csrf_token"})
    if token is None:
        client.get(DRAFT)
        token = client.page.find("input", {"name": "csrf_token"})
    answer = client.post(f"{HOME}/{in_force(world).id}/retirer", data={"csrf_token": token["value"]})
    assert answer.status_code == 422
    assert len(world.all(RulebookVersion)) == 1


def test_two_versions_are_compared_for_whom_and_until_when(client, world, town):
    former = in_force(world)
    dearer(world.rulebook)
    world.limits(town.activity, "annuler", written.until(written.days_before(2, "18:00")), date(2027, 1, 13))
    newer = next(one for one in world.all(RulebookVersion) if one.valid_from == date(2027, 1, 13))
    client.get(f"{HOME}/comparer?ancien={former.id}&nouveau={newer.id}")
    said = words(client).replace("\u00a0", " ").replace("\u202f", " ")
    assert "+0,20 €" in said
    assert "Annuler, libre : 1 jour plus tôt" in said


def test_a_town_without_reglement_starts_from_a_text_that_reads(client, world):
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    client.get(HOME)
    assert "Écrire ou importer un texte" in words(client)
    client.get(DRAFT)
    text = client.page.find("textarea").get_text()
    assert save(client, text).location == PUBLISH
    client.submit(PUBLISH, {"valid_from": "2026-09-01"}, form=PUBLISH, button=("etape", "publier"))
    assert in_force(world).valid_from == date(2026, 9, 1)


def test_an_activity_without_rule_is_named_before_the_text_is_published(client, world, town):
    save(client, edited(world, dearer))
    client.get(PUBLISH)
    assert "Activités sans règle" not in words(client)

    world.activity(town.facility, name="Étude", rule_name="etude")
    world.activity(town.facility, name="Ancienne étude", rule_name="ancienne_etude", is_active=False)
    client.get(PUBLISH)
    (told,) = (one for one in client.page.select(".alert") if "Activités sans règle" in one.get_text())
    assert [one.get_text() for one in told.select("li")] == ["Étude"]


def test_a_version_already_published_after_the_first_day_is_announced(client, world, town):
    text = edited(world, dearer)
    world.write_rulebook(date(2027, 9, 1))
    save(client, text)
    client.get(PUBLISH)
    assert "Une version déjà publiée commence le mercredi 1er septembre 2027" in words(client)

    client.submit(PUBLISH, {"valid_from": "2027-09-01"}, form=PUBLISH, button=("etape", "voir"))
    assert "Une version déjà publiée" not in words(client)


def test_a_fault_shows_its_line(client, world, town):
    save(client, "reglement:\n\tnom: Cantine\n")
    (fault,) = client.page.select("#fautes li")
    assert fault.get_text().startswith("Ligne 2\u00a0:")
    assert fault.code.get_text() == "nom: Cantine"


def test_a_fault_of_an_empty_text_needs_no_line(client, world, town):
    assert save(client, "").status_code == 422
    assert "Ligne 1" in words(client)
    assert client.page.select("#fautes code") == []


def test_each_sentence_that_changes_stands_beside_the_one_it_replaces(client, world, town):
    def both_dearer(tree):
        rows = tree["activites"]["cantine"]["tarif"]["prix"]["cas"][1]["valeur"]["table"]["lignes"]
        rows[0]["valeur"], rows[1]["valeur"] = "2.70", "3.70"

    save(client, edited(world, both_dearer))
    client.get(PUBLISH)
    section = client.page.find("section", {"aria-labelledby": "phrases"})
    assert len(section.select("h3")) == 1
    pairs = [(one.find("del").get_text()[-6:-2], one.ins.get_text()[-6:-2]) for one in section.select("p")]
    assert pairs == [("2,50", "2,70"), ("3,50", "3,70")]


def test_two_acts_whose_limits_move_alike_are_said_once(client, world, town):
    def earlier(actions):
        def change(tree):
            for one in tree["activites"]["cantine"]["delais"]:
                if one["actions"][0] in actions:
                    one["etapes"][0]["jusqu_a"]["heure"] = "10:00"

        return change

    def limits_said() -> list[str]:
        client.get(PUBLISH)
        lists = client.page.select("section[aria-labelledby^=pour] li")
        return [" ".join(one.get_text().split()) for one in lists]

    save(client, edited(world, earlier(["reserver"])))
    (said,) = limits_said()
    assert said.startswith("Réserver, libre : 8 h plus tôt")

    save(client, edited(world, earlier(["reserver", "annuler"])))
    (said,) = limits_said()
    assert said.startswith("Réserver et annuler, libre : 8 h plus tôt")


def test_a_change_that_is_the_same_for_all_is_not_said_to_depend_on_the_family(client, world, town):
    def two_rows_dearer(tree):
        rows = tree["activites"]["cantine"]["tarif"]["prix"]["cas"][1]["valeur"]["table"]["lignes"]
        rows[0]["valeur"], rows[-1]["valeur"] = "2.70", "6.70"

    save(client, edited(world, two_rows_dearer))
    client.get(PUBLISH)
    assert "+0,20 € pour chaque famille concernée." in words(client).replace("\u00a0", " ")
    assert "selon les familles" not in words(client)


def test_the_draft_is_offered_for_comparison_with_the_version_in_force(client, world, town):
    current, text = in_force(world), edited(world, dearer)
    world.write_rulebook(date(2027, 9, 1))
    save(client, text)
    for page in (HOME, f"{HOME}/comparer"):
        client.get(page)
        chosen = [one["value"] for one in client.page.select("select option[selected]")]
        draft = next(one for one in world.all(RulebookVersion) if one.is_draft)
        assert chosen == [str(current.id), str(draft.id)]


def test_one_version_alone_has_nothing_to_be_compared_with(client, world, town):
    assert client.get(f"{HOME}/comparer").status_code == 200


# --- From an example ----------------------------------------------------------------------------------------


def test_a_town_takes_the_example_of_another_commune(client, world):
    canteen = world.canteen([date(2027, 1, 18)])
    client.sign_in(world.staff())
    client.get("/gestion/reglement/exemples/trois-tranches")
    assert "Trois tranches de quotient" in words(client)
    assert "0,50 €" in words(client).replace("\u00a0", " ").replace("\u202f", " ").split("Famille", 1)[1]
    assert "D’après Mametz, Le Crès." in words(client)

    field = f"activite-{canteen.activity.id}"
    nothing = client.submit("/gestion/reglement/exemples", {field: ""})
    assert nothing.status_code == 422
    client.submit("/gestion/reglement/exemples", {field: "trois-tranches/cantine"}, follow=True)
    assert "Le brouillon est prêt." in words(client)
    assert client.get("/gestion/reglement/exemples/autre").status_code == 404
