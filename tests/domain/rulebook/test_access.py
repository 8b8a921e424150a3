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
        - {periode: hiver, canaux: [guichet], ouvre: 2027-01-06 09:00, ferme: 2027-01-13 12:00, limite: minute_incluse, jours: [2027-01-06, mercredi]}
      pieces:
        - {nom: domicile, age_maximum_mois: 3}
        - {nom: quotient, ou: [{nom: avis, si: toujours}]}
      attribution: {classement: premier_rempli, criteres: [{resident: oui}], egalite: ordre_d_arrivee}
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
        - {{nom: à venir, {asked}, a: 2026-09-10 10:00, attendu: {{acceptee: non}}}}
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
        ("activites:\n  c: {nom: 'L'école'}\n", "une apostrophe ferme la phrase"),
        ("activites:\n  c: {nom: C\n  d: {nom: D}\n", "ligne 4"),
        ("activites:\n  c:\n    nom:Restaurant\n    delais: []\n", "une espace oubliée après « : »"),
        ("activites:\n  c: {nom: \"C}\n", "le guillemet ouvert ligne 4"),
        ("activites:\n\u00a0 c: {nom: C}\n  d: {nom: D}\n", "une espace insécable"),
        ("activites: {c: {nom: C}}\n---\nautre: 1\n", "retirez la ligne"),
        ("faits: {a: oui_non}\nactivites: {c: {nom: C, absences: [{nom: A, si: a = oui, du: tout}]}}", "{residence: oui}"),
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


RANKS = """
faits: {{habite: oui_non, fratrie: oui_non}}
activites: {{c: {{nom: C, inscription: {{attribution: {{{ranking}, egalite: aucun_ordre}}}}}}}}
"""
FAMILIES = """
- nom: N
  question: attribution
  activite: c
  places: 1
  candidats:
    - {nom: aucun, faits: {habite: non, fratrie: non}}
    - {nom: fratrie, faits: {habite: non, fratrie: oui}}
    - {nom: habite, faits: {habite: oui, fratrie: non}}
    - {nom: tout, faits: {habite: oui, fratrie: oui}}
"""


@pytest.mark.parametrize(
    ("ranking", "ranks"),
    [
        ("classement: premier_rempli, criteres: [{habite: oui}, {fratrie: oui}]", "[[habite, tout], [fratrie], [aucun]]"),
        ("classement: cascade, criteres: [{habite: oui}, {fratrie: oui}]", "[[tout], [habite], [fratrie], [aucun]]"),
        ("classement: points, points: habite * 10 + fratrie * 10", "[[tout], [fratrie, habite], [aucun]]"),
    ],
)  # fmt: skip
def test_three_ways_to_rank(ranking, ranks):
    check(rulebook_of(RANKS.format(ranking=ranking)), FAMILIES + f"  attendu: {{rangs: {ranks}}}\n")


@pytest.mark.parametrize(
    "ranking",
    [
        "classement: points, criteres: [{habite: oui}]",
        "classement: cascade",
        "classement: points, points: 1, criteres: [{habite: oui}]",
    ],
)
def test_points_and_criteria_do_not_mix(ranking):
    assert "« points » va avec le classement points" in messages(RANKS.format(ranking=ranking))[0]


def test_chosen_days_are_days_of_the_activity():
    book = rulebook_of(
        "activites: {c: {nom: Centre, ouverture: {jours: [lundi], ecole: non, vacances: oui, feries: non}, inscription: {}}}",
        HEADER,
    )
    (found,) = ask(book, "- {question: inscription, activite: c, jours: [2027-02-22, 2027-03-08]}")
    assert [plain(one) for one in found.answer["motifs"]] == [
        "Centre n’est pas ouvert le lundi 8 mars 2027 (hors vacances scolaires)."
    ]


def test_one_more_school_day_and_one_less():
    header = HEADER.replace(
        "periodes:", "jours_d_ecole_en_plus: [2027-05-26], jours_sans_ecole: [2027-05-25], periodes:"
    )
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non, ouvertures: [2027-05-26]}
            delais:
              - actions: [annuler]
                canaux: tous
                etapes:
                  - {jusqu_a: {forme: jours_avant, jours: 1, compte: {base: ecole, sans_feries: oui, sans_vacances: oui}, francs: non, heure: "12:00", limite: incluse}, effet: libre}
                ensuite: refus
        """, header)  # fmt: skip
    check(
        book,
        """
        - {nom: mercredi, question: limite, activite: cantine, action: annuler, jour: 2027-05-26, attendu: {limite: 2027-05-24 12:00}}
        - {nom: jeudi, question: limite, activite: cantine, action: annuler, jour: 2027-05-27, attendu: {limite: 2027-05-26 12:00}}
        - {nom: fermé, question: ouverture, activite: cantine, jour: 2027-05-25, attendu: {ouvert: non}}
        - {nom: en plus, question: fait, fait: jour_d_ecole, jour: 2027-05-26, attendu: {valeur: oui}}
        - {nom: en moins, question: fait, fait: jour_d_ecole, jour: 2027-05-25, attendu: {valeur: non}}
        - {nom: pas un retour, question: fait, fait: retour_de_vacances, jour: 2027-05-26, attendu: {valeur: non}}
        """,
    )


def test_a_total_and_a_count_over_a_period_of_the_calendar():
    header = HEADER.replace(
        "hiver: {du: 2027-02-08, au: 2027-02-19}", "hiver: {du: 2027-01-01, au: 2027-02-28}"
    )
    book = rulebook_of("""
        faits: {rang_annulation: entier}
        activites:
          garderie:
            nom: Garderie
            comptes: [{nom: rang_annulation, parmi: presences, periode: periode, par: enfant, toutes_activites: non, jusqu_ici: oui, si: toujours}]
            tarif: {prix: {cas: [{si: {rang_annulation: {a: 1}}, valeur: 1}], sinon: 2}, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}
        cumuls: [{nom: forfait, periode: periode, par: enfant, activites: [garderie], effet: ajoute, valeur: 50, arrondi: {au: 0.01, vers: plus_proche}}]
        """, header)  # fmt: skip
    days = "[2027-01-04, 2027-02-08, 2027-03-01, 2027-04-05]"
    (found,) = ask(book, f"- {{question: facture, presences: [{{activite: garderie, jours: {days}}}]}}")
    assert [
        (line["libelle"], line["montant"]) for line in found.answer["lignes"] if line["libelle"] == "forfait"
    ] == [("forfait", 50)] * 2
    assert [line["montant"] for line in found.answer["lignes"]][:4] == [1, 2, 1, 1]
    assert (
        "« periode » demande « periodes »"
        in messages(
            "activites: {c: {nom: C}}\ncumuls: [{nom: f, periode: periode, par: enfant, activites: [c], effet: ajoute, valeur: 50, arrondi: {au: 0.01, vers: plus_proche}}]"
        )[0]
    )


def test_a_limit_does_not_outlive_its_version():
    early = "{forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}"
    ladder = "[{{actions: [reserver], canaux: tous, etapes: [{{jusqu_a: {0}, effet: {1}}}], ensuite: refus}}]"
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            delais:
              versions:
                - {{nom: ancien, du: 2026-09-01, au: 2026-12-31, regle: {ladder.format(early, "libre")}}}
                - {{nom: nouveau, du: 2027-01-01, regle: {ladder.format(early, "sur_demande")}}}
        """)  # fmt: skip
    asked = "activite: cantine, action: reserver, jour: 2027-01-08"
    check(
        book,
        f"""
        - {{nom: limite, question: limite, {asked}, a: 2026-12-20 10:00, attendu: {{limite: 2026-12-31 24:00}}}}
        - {{nom: avant, question: permis, {asked}, a: 2026-12-31 23:59:59, attendu: {{effet: libre, jusqu_a: 2026-12-31 24:00}}}}
        - {{nom: après, question: permis, {asked}, a: 2027-01-01 00:00, attendu: {{effet: sur_demande, jusqu_a: 2027-01-07 10:00}}}}
        - {{nom: sans moment, question: limite, {asked}, attendu: {{fait_manquant: a}}}}
        """,
    )


def test_an_absence_that_nobody_announced_is_due():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            absences:
              - {nom: jusqu’au signalement, si: toujours, prevenu: {jusqu_a: toujours, repere: premier_jour}, du: {de: 1, a: 1, unite: jours_calendaires, depuis_prevenance: oui}}
              - {nom: jamais, si: toujours, du: {de: 1, a: 1, unite: jours_calendaires, depuis_prevenance: oui}}
              - {nom: reste, si: toujours, du: tout}
        """)  # fmt: skip
    check(
        book,
        "- {nom: N, question: absence, activite: cantine, jours: [2026-09-14, 2026-09-15], attendu: {nombre_du: 2}}",
    )


def test_a_refusal_without_any_limit_does_not_blame_the_time():
    book = rulebook_of(
        "activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}}"
    )
    (found,) = ask(
        book, "- {question: permis, activite: c, action: reserver, jour: 2026-09-15, a: 2026-09-01 10:00}"
    )
    assert plain(found.trace.steps[-1].text) == "aucune étape ne vaut ici : refus"


def test_a_choice_of_days_is_of_its_period_and_is_not_taken_for_granted():
    book = rulebook_of(
        "activites: {c: {nom: C, ouverture: {jours: [lundi, mardi], ecole: oui, vacances: oui, feries: oui}, inscription: {choix: [{par: semaine, exige: {jours_choisis: {de: 2}}, sinon: Deux jours.}]}}}",
        HEADER,
    )
    check(
        book,
        """
        - {nom: bien, question: inscription, activite: c, periode: hiver, jours: [2027-02-08, 2027-02-09], attendu: {acceptee: oui}}
        - {nom: hors période, question: inscription, activite: c, periode: hiver, jours: [2027-03-01, 2027-03-02], attendu: {acceptee: non}}
        - {nom: deux semaines, question: inscription, activite: c, jours: [2027-02-08, 2027-02-15], attendu: {motifs: [Deux jours.]}}
        - {nom: rien, question: inscription, activite: c, attendu: {fait_manquant: jours}}
        """,
    )


def test_a_limit_hidden_in_a_condition_is_a_warning():
    _, faults = read(
        "activites: {c: {nom: C, delais: [{actions: [annuler], canaux: tous, si: {jours_d_avance: {de: 30}}, etapes: [], ensuite: libre}]}}"
    )
    assert "écrivez « forme: jours_avant »" in plain(str(faults.warnings[0]))


def test_a_document_may_have_to_be_valid_on_the_day():
    book = rulebook_of(
        "activites: {c: {nom: C, inscription: {pieces: [{nom: assurance, en_cours_de_validite: oui}]}}}"
    )
    check(
        book,
        """
        - {nom: valable, question: inscription, activite: c, jour: 2026-09-15, pieces: [{nom: assurance, jusqu_au: 2026-09-15}], attendu: {acceptee: oui}}
        - {nom: périmée, question: inscription, activite: c, jour: 2026-09-15, pieces: [{nom: assurance, jusqu_au: 2026-09-14}], attendu: {motifs: ["La pièce « assurance » n’est plus valable."]}}
        - {nom: sans fin, question: inscription, activite: c, jour: 2026-09-15, pieces: [{nom: assurance}], attendu: {fait_manquant: fin de validité de la pièce assurance}}
        """,
    )


def test_hours_of_a_territory_are_told_to_be_those_of_paris():
    header = (
        "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: reunion, vacances: []}\n"
    )
    _, faults = read("activites: {c: {nom: C}}", header)
    assert "les heures sont celles de Paris" in str(faults.warnings[0])
