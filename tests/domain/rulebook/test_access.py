# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Windows at their very bounds, documents, ranks that are explained, days that are known or not."""

import pytest

from adapters import rulebook_files
from domain.rulebook import scenario
from domain.rulebook.tree import Faults
from tests.domain.rulebook.helpers import ask, check, messages, plain, read, rulebook_of

HEADER = """\
reglement: {nom: Essai}
calendrier: {jours_d_ecole: [lundi, mardi, jeudi, vendredi], jours_feries: metropole, vacances: zone_b, periodes: {hiver: {du: 2027-02-08, au: 2027-02-19}, printemps: {du: 2027-04-05, au: 2027-04-16}}}
"""
TEXT = """
faits: {resident: oui_non}
activites:
  vacances:
    nom: Vacances
    inscription:
      fenetres:
        - {periode: hiver, canaux: [portail], si: {resident: oui}, ouvre: 2027-01-04 20:00, ferme: 2027-01-15 24:00, limite: exclue}
        - {periode: hiver, canaux: [guichet], ouvre: 2027-01-06 09:00, ferme: 2027-01-13 12:00, limite: minute_incluse, jours: [2027-01-06, 2027-01-13]}
      pieces:
        - {nom: domicile, age_maximum_mois: 3}
        - {nom: quotient, ou: [{nom: avis, si: toujours}]}
      attribution: {criteres: [{resident: oui}], egalite: ordre_d_arrivee}
"""


@pytest.mark.parametrize(
    ("channel", "moment", "is_open"),
    [
        ("portail", "2027-01-04 19:59:59", "non"),
        ("portail", "2027-01-04 20:00", "oui"),
        ("portail", "2027-01-15 23:59:59", "oui"),
        ("portail", "2027-01-15 24:00", "non"),
        ("guichet", "2027-01-06 09:00", "oui"),
        ("guichet", "2027-01-07 10:00", "non"),
        ("guichet", "2027-01-13 12:00:59", "oui"),
        ("guichet", "2027-01-13 12:01", "non"),
    ],
)
def test_a_window_at_its_bounds(channel, moment, is_open):
    book = rulebook_of(TEXT, HEADER)
    check(
        book,
        f"- {{nom: N, question: fenetre, activite: vacances, periode: hiver, canal: {channel}, a: {moment}, faits: {{resident: oui}}, attendu: {{ouverte: {is_open}}}}}",
    )


def test_a_window_that_is_not_there_says_why():
    book = rulebook_of(TEXT, HEADER)
    by_day, period, phone, outsider = ask(
        book,
        """
        - {question: fenetre, activite: vacances, jour: 2027-02-09, canal: portail, faits: {resident: oui}}
        - {question: fenetre, activite: vacances, periode: printemps, canal: portail}
        - {question: fenetre, activite: vacances, periode: hiver, canal: telephone}
        - {question: fenetre, activite: vacances, periode: hiver, canal: portail, faits: {resident: non}}
        """,
    )
    assert (
        plain(by_day.answer["en_clair"])
        == "à partir du lundi 4 janvier, 20 h, jusqu’au vendredi 15 janvier inclus"
    )
    assert "la période « printemps »" in plain(period.problem)
    assert "par « telephone »" in plain(phone.problem)
    assert "pour cette famille" in outsider.problem


def test_an_enrolment_outside_its_window_says_when_it_is_open():
    book = rulebook_of(TEXT, HEADER)
    early, late = ask(
        book,
        """
        - {question: inscription, activite: vacances, periode: hiver, canal: portail, a: 2027-01-04 19:00, faits: {resident: oui}, pieces: [{nom: domicile, date: 2026-12-01}, {nom: avis}]}
        - {question: inscription, activite: vacances, periode: hiver, canal: portail, a: 2027-01-16 00:00, faits: {resident: oui}, pieces: [{nom: domicile, date: 2026-12-01}, {nom: avis}]}
        """,
    )
    said = "à partir du lundi 4 janvier, 20 h, jusqu’au vendredi 15 janvier inclus."
    assert plain(early.answer["motifs"][0]) == f"Les inscriptions ne sont pas ouvertes : elles le sont {said}"
    assert plain(late.answer["motifs"][0]) == f"Les inscriptions sont fermées : elles étaient ouvertes {said}"


def test_a_document_is_as_old_as_it_is_when_it_is_given():
    asked = "question: inscription, activite: vacances, periode: hiver, canal: portail, faits: {resident: oui}, pieces: [{nom: domicile, date: 2026-10-10}, {nom: avis}]"
    check(
        rulebook_of(TEXT, HEADER),
        f"""
        - {{nom: dépôt, {asked}, a: 2027-01-10 10:00, jour: 2027-02-09, attendu: {{acceptee: oui}}}}
        - {{nom: un jour de trop, {asked}, a: 2027-01-11 10:00, jour: 2027-02-09, attendu: {{acceptee: non}}}}
        - {{nom: sans date, {asked}, attendu: {{fait_manquant: a}}}}
        """,
    )


def test_a_document_that_the_règlement_does_not_know_is_said():
    (found,) = ask(
        rulebook_of(TEXT, HEADER),
        "- {question: inscription, activite: vacances, periode: hiver, canal: portail, pieces: [{nom: domicil}]}",
    )
    assert "ne connaît pas la pièce « domicil » ; pièces : avis, domicile, quotient." in plain(found.problem)


def test_a_rank_is_explained_family_by_family():
    (found,) = ask(
        rulebook_of(TEXT, HEADER),
        """
        - question: attribution
          activite: vacances
          places: 1
          candidats:
            - {nom: Durand, depose: 2027-01-05 09:00, faits: {resident: oui}}
            - {nom: Petit, depose: 2027-01-04 21:00, faits: {resident: non}}
        """,
    )
    assert [plain(step.text) for step in found.trace.steps] == [
        "Durand : critère 1, déposé le mardi 5 janvier, 9 h",
        "Petit : aucun critère, déposé le lundi 4 janvier, 21 h",
    ]


def test_a_window_that_ends_says_whether_its_end_is_in_time():
    text = "activites: {v: {nom: V, inscription: {fenetres: [{canaux: tous, ouvre: 2027-01-04 20:00, ferme: 2027-01-15 24:00}]}}}"
    assert "« limite » dit si l’instant de « ferme » est à temps" in messages(text)[0]


def test_a_document_due_within_days_is_late_at_the_midnight_that_follows():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            absences:
              - {nom: certificat, si: toujours, justificatif: {sous: 8, unite: jours_calendaires, depuis: premier_jour, heure: "00:00"}, du: rien}
              - {nom: due, si: toujours, du: tout}
        """)
    asked = "question: absence, activite: cantine, jours: [2026-09-16]"
    check(
        book,
        f"""
        - {{nom: le soir, {asked}, justificatif: 2026-09-24 23:59:59, attendu: {{nombre_du: 0}}}}
        - {{nom: minuit, {asked}, justificatif: 2026-09-25 00:00, attendu: {{nombre_du: 1}}}}
        """,
    )


def test_a_day_beyond_the_official_calendar_has_no_answer():
    text = """
        activites:
          cantine:
            nom: Cantine
            ouverture: {jours: [lundi], ecole: oui, vacances: non, feries: non}
            tarif: {prix: 3, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}
        """
    known, after = ask(
        rulebook_of(text),
        """
        - {question: prix, activite: cantine, jour: 2028-06-26}
        - {question: prix, activite: cantine, jour: 2028-09-04}
        """,
    )
    assert known.answer["prix"] == 3
    assert "connues du vendredi 1er septembre 2017 au jeudi 31 août 2028" in plain(after.problem)
    listed = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [{nom: été, du: 2028-07-01, au: 2028-08-31}]}\n"
    check(
        rulebook_of(text, listed),
        "- {nom: N, question: prix, activite: cantine, jour: 2030-09-02, attendu: {prix: 3}}",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("activites: {c: {nom: C, ouverture: {jours: [lundi], ecole: non, vacances: non, feries: non}}}", "aucun jour d’ouverture"),
        ("""activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [
            {jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: incluse}, effet: libre},
            {jusqu_a: {forme: semaine, jour: mardi, semaines_avant: 1, heure: "12:00", limite: incluse}, effet: sur_demande}]}]}}""", "cette étape ne répond jamais"),
    ],
)  # fmt: skip
def test_what_can_never_happen_is_a_warning(text, said):
    _, faults = read(text)
    assert said in "\n".join(str(fault) for fault in faults.warnings)


def test_stages_in_order_of_time_are_no_warning():
    _, faults = (
        read("""activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [
        {jusqu_a: {forme: semaine, jour: mardi, semaines_avant: 1, heure: "12:00", limite: incluse}, effet: libre},
        {jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: incluse}, effet: sur_demande}]}]}}""")
    )
    assert list(faults) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("activites:\n  c:\n    nom: C\n   tarif: 1\n", "le retrait de cette ligne"),
        ("activites:\n\tc: {nom: C}\n", "une tabulation"),
        ("activites: {c: {nom: Restaurant : cantine}}\n", "se met entre guillemets"),
        ("activites:\n  c:\n    nom: Restaurant : cantine\n", "un deux-points de trop"),
        ("activites:\n  c: {nom: 'L'école'}\n", "la fin de ce qui est ouvert ligne 4"),
        ("activites:\n  c: {nom: C\n  d: {nom: D}\n", "ligne 4"),
        ("activites:\n  c:\n    nom:Restaurant\n    delais: []\n", "une espace oubliée après « : »"),
        ("activites:\n  c: {nom: \"C}\n", "le guillemet ouvert ligne 4"),
        ("activites: {c: {nom: C, tarif: {prix: 4,40}}}", "un nombre décimal prend un point (4.40)"),
        ("activites: {c: {nom: C, tarif: {prix: '4,40'}}}", "les décimales prennent un point"),
        ("activites: {c: {nom: C, tarif: {prix: 4.40 €}}}", "sans le signe €"),
        ("activites: {c: {nom: C, tarif: {prix: 4 + 20%}}}", "* 1.20"),
        ("faits: {residence: [a, b]}\nactivites: {c: {nom: C, tarif: {prix: {cas: [{si: {residance: a}, valeur: 1}], sinon: 2}}}}", "vouliez-vous dire residence ?"),
        ("activites: {c: {nom: C, inscription: {conditions: majeur}}}", "une liste est attendue : [majeur]"),
        ("faits: {travaille: oui_non}\nactivites: {c: {nom: C, absences: [{nom: A, si: travaille, du: tout}]}}", "{travaille: oui}"),
    ],
)  # fmt: skip
def test_a_slip_of_a_beginner_gets_advice_in_french(text, said):
    found = "\n".join(messages(text)).lower()
    assert said.lower() in found
    assert "expected" not in found


def test_an_adjustment_that_is_missing_is_told_where_it_is_asked():
    text = """
        activites:
          c:
            nom: C
            delais:
              - actions: [reserver]
                canaux: tous
                etapes: []
                ensuite: {effet: supplement, supplements: [tardif]}
            tarif: {prix: 3, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}
        """
    assert messages(text) == [
        "ligne 11, activites.c.delais[1].ensuite.supplements[1] : l’ajustement « tardif » n’est pas écrit dans le tarif."
    ]


def test_holidays_that_end_before_they_begin_are_a_fault():
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [{nom: t, du: 2026-11-10, au: 2026-03-10}]}\n"
    assert "ces vacances finissent avant de commencer" in messages("activites: {c: {nom: C}}", header)[0]


def test_a_day_written_twice_is_a_fault():
    faults, book = Faults(), rulebook_of(TEXT, HEADER)
    text = "questions:\n - {question: facture, presences: [{activite: vacances, jours: [2027-02-09, 2027-02-09]}]}\n"
    assert scenario.read(rulebook_files.parse(text, faults), book, faults) is None
    assert "le 2027-02-09 est écrit deux fois" in str(faults.errors[0])
