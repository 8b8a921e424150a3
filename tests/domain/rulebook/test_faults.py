# ruff: noqa: E501  a fault a line reads better than folded
"""A faulty file is refused whole: every fault at once, in French, with its line and its path."""

import pytest

from tests.domain.rulebook.helpers import messages, plain, read

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"


def with_cutoff(cutoff):
    return f"""
activites:
  cantine:
    nom: Cantine
    delais:
      - actions: [reserver]
        canaux: tous
        etapes: [{{jusqu_a: {cutoff}, effet: libre}}]
        ensuite: refus
"""


def with_rows(rows, gap="trous: refuser"):
    return f"""
activites:
  cantine:
    nom: Cantine
    tarif:
      arrondi: {CENTS}
      prix: {{table: {{selon: quotient, {gap}, lignes: [{rows}]}}}}
"""


def test_every_fault_is_told_at_once_with_its_line_and_its_path():
    found = messages("""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver, decommander]
                canaux: tous
                etapes:
                  - jusqu_a:
                      forme: jours_avant
                      jours: 1
                      compte: {base: ecole, sans_feries: oui}
                      heure: "8h30"
                      limite: incluse
                    effet: libre
            prix: 3
        """)
    assert found == [
        "ligne 8, activites.cantine.delais[1] : il manque « ensuite » : ce qui se passe une fois toutes les "
        "limites passées.",
        "ligne 8, activites.cantine.delais[1].actions[2] : « decommander » n’est pas possible ici ; choisissez "
        "parmi : reserver, modifier, annuler.",
        "ligne 12, activites.cantine.delais[1].etapes[1].jusqu_a : il manque « francs » : les jours sont-ils "
        "francs (oui ou non).",
        "ligne 14, activites.cantine.delais[1].etapes[1].jusqu_a.compte : il manque « sans_vacances » : les "
        "vacances scolaires sont-elles retirées (oui ou non).",
        "ligne 15, activites.cantine.delais[1].etapes[1].jusqu_a.heure : une heure entre 00:00 et 24:00 est "
        "attendue, par exemple 08:30.",
        "ligne 18, activites.cantine.prix : clé inconnue « prix » ; clés possibles : nom, ouverture, delais, "
        "tarif, absences, inscription, comptes, annuler_puis_reserver.",
    ]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("{quotient: {a: 622}, valeur: 1}, {quotient: {de: 623}, valeur: 3}", "entre 622 et 623 n’a pas de ligne"),
        ("{quotient: {moins_de: 800}, valeur: 1}, {quotient: {plus_de: 800}, valeur: 3}", "= 800 n’a pas de ligne"),
        ("{quotient: {a: 700}, valeur: 1}, {quotient: {de: 700}, valeur: 3}", "700 est dans deux tranches"),
        ("{quotient: {a: 700}, valeur: 1}, {quotient: {de: 500}, valeur: 3}", "se chevauchent"),
        ("{quotient: {de: 100}, valeur: 1}", "quotient sous 100 : aucune ligne"),
        ("{quotient: {de: 100, a: 50}, valeur: 1}", "ne contient aucune valeur"),
        ("{quotient: {de: 0, plus_de: 1}, valeur: 1}", "deux bornes du même côté"),
        ("{quotient: {a: 700}}", "il manque « valeur » sur cette ligne"),
        ("{quotient: {a: 700}, valeur: 1, rang: 2}", "clé inconnue « rang »"),
    ],
)  # fmt: skip
def test_brackets(rows, fault):
    assert any(fault in one for one in messages(with_rows(rows)))


@pytest.mark.parametrize(
    ("fact", "rows"),
    [
        ("enfants", "{enfants: {a: 2}, valeur: 1}, {enfants: {de: 3}, valeur: 3}"),
        ("enfants", "{enfants: {moins_de: 3}, valeur: 1}, {enfants: {plus_de: 2}, valeur: 3}"),
        ("depart", "{depart: {a: '18:00'}, valeur: 1}, {depart: {de: '18:01'}, valeur: 3}"),
        ("mois", "{mois: {de: 1, a: 6}, valeur: 1}, {mois: {de: 7}, valeur: 3}"),
    ],
)
def test_whole_numbers_and_minutes_leave_no_hole_between_neighbours(fact, rows):
    text = f"""
        faits: {{enfants: entier, depart: heure}}
        activites: {{c: {{nom: C, tarif: {{arrondi: {CENTS}, prix: {{table: {{selon: {fact}, trous: refuser, lignes: [{rows}]}}}}}}}}}}
        """
    assert read(text)[1].errors == []


def test_a_hole_between_whole_numbers_is_told():
    text = f"""
        faits: {{enfants: entier}}
        activites: {{c: {{nom: C, tarif: {{arrondi: {CENTS}, prix: {{table: {{selon: enfants, trous: refuser, lignes: [{{enfants: {{moins_de: 3}}, valeur: 1}}, {{enfants: {{plus_de: 3}}, valeur: 2}}]}}}}}}}}}}
        """
    assert (
        "enfants entre 2 et 4 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser »"
        in messages(text)[0]
    )


def test_a_numeric_table_without_a_policy_for_gaps_is_refused():
    assert "il manque « trous »" in messages(with_rows("{quotient: tous, valeur: 1}", "colonnes: jour"))[0]


def test_a_row_that_leaves_a_column_out_is_refused():
    text = """
        faits: {formule: [jour, nuit]}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: {table: {selon: jour_d_ecole, colonnes: formule, lignes: [{jour_d_ecole: tous, valeur: {jour: 3}}]}}
              arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
        """
    assert messages(text)[0].endswith("il manque nuit (écrivez null si rien n’est prévu).")


def test_an_open_policy_turns_the_gap_into_a_warning():
    rows = "{quotient: {a: 622}, valeur: 1}, {quotient: {de: 623}, valeur: 3}"
    book, faults = read(with_rows(rows, "trous: tranche_inferieure"))
    assert book is not None
    assert [fault.message for fault in faults.warnings] == [
        "quotient entre 622 et 623 : laissé ouvert, la tranche_inferieure s’applique.",
        "quotient inconnu : ni ligne « inconnu », ni partie « quotient ».",
    ]


@pytest.mark.parametrize(
    ("cutoff", "fault"),
    [
        ("{forme: date_fixe, date: 2026-02-30, heure: '10:00', limite: incluse}", "la date « 2026-02-30 » n’existe pas"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00'}", "il manque « limite »"),
        ("{forme: mensuelle}", "« mensuelle » n’est pas possible ici"),
        ("{forme: selon_le_jour, limite: incluse, entrees: [{pour: lundi, jour: mardi, semaines_avant: 0, heure: '10:00'}]}", "viendrait après le service"),
        ("{forme: dates, limite: incluse, dates: [{periode: toussaint, date: 2026-09-01, heure: '10:00'}]}", "« toussaint » : ce nom n’est pas déclaré"),
        ("{forme: jours_avant, jours: 1, compte: {base: mairie, sans_feries: oui, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}", "demande « mairie_ouverte »"),
        ("{la_plus_tot_de: [toujours]}", "au moins 2 élément(s)"),
        ("quand on veut", "« quand on veut » n’est pas possible ici"),
    ],
)  # fmt: skip
def test_limits(cutoff, fault):
    assert fault in "\n".join(messages(with_cutoff(cutoff)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("activites: {cantine: {nom: Cantine, tarif: {prix: rang, arrondi: " + CENTS + "}}}", "le fait « rang » : ce nom n’est pas déclaré"),
        ("faits: {quotient: nombre}\nactivites: {c: {nom: C}}", "le nom « quotient » est déjà pris"),
        ("faits: {Rang: nombre}\nactivites: {c: {nom: C}}", "n’est pas un nom possible"),
        ("activites: {c: {nom: C, tarif: {prix: __import__('os'), arrondi: " + CENTS + "}}}", "une formule ne contient que"),
        ("activites: {c: {nom: C, tarif: {prix: 3}}}", "il manque « arrondi »"),
        ("activites: {c: {nom: C, inscription: {conditions: [majeur]}}}", "« majeur » : ce nom n’est pas déclaré"),
        ("activites: {c: {nom: C}}\ncumuls: [{nom: X, periode: mois, par: enfant, activites: [d], effet: plafond, valeur: 1, arrondi: {au: 0.01, vers: plus_proche}}]", "l’activité « d » : ce nom n’est pas déclaré"),
        ("activites: {c: {nom: C}, c: {nom: D}}", "la clé « c » est écrite deux fois"),
        ("activites: {c: &a {nom: C}}", "les ancres (& et *) sont refusées"),
        ("activites: {c: {nom: C}}\nbonus: 1", "partie inconnue « bonus »"),
        ("activites: {c: {nom: C, absences: [{nom: A, si: {jour: lundi}, du: tout}]}}", "la dernière règle d’absence"),
        ("activites: {c: {nom: C, tarif: {prix: 3, arrondi: " + CENTS + "}, absences: [{nom: A, si: toujours, du: tout, supplements: [x]}]}}", "l’ajustement « x » n’est pas écrit dans le tarif"),
        ("activites: {c: {nom: C, tarif: {versions: [{nom: a, du: 2026-01-01, regle: {prix: 1, arrondi: " + CENTS + "}}, {nom: b, du: 2026-06-01, regle: {prix: 1, arrondi: " + CENTS + "}}]}}}", "les versions a et b se chevauchent"),
    ],
)  # fmt: skip
def test_the_rest(text, fault):
    assert fault in "\n".join(messages(text))


OPEN = "{base: ouverture, sans_feries: oui, sans_vacances: non}"
TARIFF = "tarif: {prix: x, arrondi: " + CENTS + "}"
COUNT = "periode: mois, par: enfant, toutes_activites: non, jusqu_ici: non"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("montants: {x: x + 1}\nactivites: {c: {nom: C}}", "montants.x : « x » se déduit de lui-même : x → x."),
        ("montants: {x: y * 2, y: x / 2}\nactivites: {c: {nom: C}}", "« x » se déduit de lui-même : x → y → x."),
        ("faits: {r: {valeurs: [a, b], deduit: [{si: {ok: oui}, valeur: a}], sinon: b}}\nconditions: {ok: {si: {r: a}, sinon: Non.}}\nactivites: {c: {nom: C}}", "« r » se déduit de lui-même : r → ok → r."),
        ("dates: {d: {depuis: d, jours: 1}}\nactivites: {c: {nom: C}}", "« d » se déduit de lui-même"),
        ("faits: {pris: nombre}\nactivites: {c: {nom: C, comptes: [{nom: pris, parmi: presences, " + COUNT + ", si: {pris: {de: 1}}}]}}", "le compte « pris » se compte d’après lui-même"),
        ("faits: {p: nombre, q: nombre}\nmontants: {m: q + 1}\nactivites: {c: {nom: C, comptes: [{nom: p, parmi: presences, " + COUNT + ", si: {m: {de: 1}}}, {nom: q, parmi: jours, " + COUNT + ", si: toujours}]}}", "le compte « p » lit « q », compté après lui"),
        ("faits: {p: nombre}\nactivites: {c: {nom: C, comptes: [{nom: p, parmi: jours_d_ouverture, " + COUNT + ", si: toujours}]}}", "il lui manque « ouverture »"),
        ("faits: {d: date}\ndates: {e: {depuis: d, jours: 2, compte: " + OPEN + "}}\nactivites: {c: {nom: C}}", "une règle nommée n’en a pas"),
        ("activites: {c: {nom: C, inscription: {choix: [{par: semaine, exige: {jours_manquants: {a: 0}}, sinon: Tout.}]}}}", "il lui manque « ouverture »"),
        ("activites: {c: {nom: C, tarif: {prix: {cas: [{si: {activite: d}, valeur: 1}], sinon: 2}, arrondi: " + CENTS + "}}}", "« d » n’est pas possible ici ; choisissez parmi : c"),
    ],
)  # fmt: skip
def test_what_could_never_be_answered_is_refused_when_it_is_read(text, fault):
    assert fault in "\n".join(messages(text))


def test_days_of_the_activity_cannot_be_counted_when_they_are_not_said():
    cutoff = f"{{forme: jours_avant, jours: 2, compte: {OPEN}, francs: non, heure: '10:00', limite: incluse}}"
    assert messages(with_cutoff(cutoff)) == [
        "ligne 10, activites.cantine.delais[1].etapes[1].jusqu_a.compte : cette règle compte les jours de "
        "l’activité : il lui manque « ouverture »."
    ]


def test_periods_are_declared_before_they_are_used():
    anchor = "{forme: avant_periode, repere: debut_de_periode, jours: 2, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}"
    assert "demande « periodes » dans le calendrier" in messages(with_cutoff(anchor))[0]


def test_a_fact_that_no_rule_reads_is_a_warning():
    _, faults = read("faits: {age: nombre}\nactivites: {c: {nom: C}}")
    assert [fault.message for fault in faults.warnings] == ["le fait « age » n’est lu par aucune règle."]


def test_a_date_whose_weekday_is_wrong_is_a_warning():
    dates = "[{mois: 2019-12, date: 2019-11-30, heure: '24:00', jour_annonce: mardi}]"
    book, faults = read(with_cutoff(f"{{forme: dates, limite: incluse, dates: {dates}}}"))
    assert book is not None
    assert "le texte annonce un mardi, mais le 2019-11-30 est un samedi" in faults.warnings[0].message


PLAIN = "{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00', limite: incluse"
RULE = "actions: [reserver], canaux: tous, etapes: [], ensuite: refus"
WEEK = "{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("montants: [1]\nactivites: {c: {nom: C}}", "un ensemble de clés et de valeurs est attendu"),
        ("activites: {c: {nom: C, delais: {versions: []}}}", "au moins 1 élément(s)"),
        ("activites: {c: {nom: C, delais: {versions: [{nom: a, du: 2026-01-01, titre: x, regle: [{" + RULE + "}]}]}}}", "clé inconnue « titre »"),
        ("activites: {c: {nom: C, delais: {versions: [{nom: a, du: 2026-01-02, au: 2026-01-01, regle: [{" + RULE + "}]}]}}}", "vient avant son début"),
        ("faits: {x: nombre}\ndates: {e: {depuis: x}}\nactivites: {c: {nom: C}}", "le fait « x » n’est pas une date"),
        ("activites: {c: {nom: C, absences: [{nom: a, si: {}, du: rien}, {nom: b, si: toujours, du: tout}]}}", "cette condition est vide"),
        ("activites: {c: {nom: C, absences: [{nom: a, si: {ou: []}, du: rien}, {nom: b, si: toujours, du: tout}]}}", "cette liste de conditions est vide"),
        ("activites: {c: {nom: C, tarif: {prix: {courbe: {sur: quotient, au_dela: plat, points: [[1, 1], [0, 2]]}}, arrondi: " + CENTS + "}}}", "prix.courbe.points : les points vont du plus petit"),
        ("activites: {c: {nom: C, tarif: {prix: {taux: 0.1, sur: quotient, constante: 0, plancher: 5, plafond: 4.50}, arrondi: " + CENTS + "}}}", "le plancher est plus haut que le plafond"),
        ("activites: {c: {nom: C, tarif: {prix: 1, arrondi: " + CENTS + ", ajustements: [{nom: a, si: toujours, operation: ajouter, valeur: 1, portee: unite}, {nom: a, si: toujours, operation: ajouter, valeur: 2, portee: unite}]}}}", "deux ajustements s’appellent « a »"),
        ("activites: {c: {nom: C, tarif: {prix: {taux: 0.1, sur: quotient, constante: 0, plancher: null, plafond: null}, arrondi: " + CENTS + ", ajustements: [{nom: a, si: toujours, operation: decaler_tranche, fait: quotient, de: -1}]}}}", "« a » décale une tranche ; ce prix n’est pas une table"),
        ("activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [{effet: libre, jusqu_a: " + PLAIN + ", jours_ouverts: {base: tous, sans_feries: non, sans_vacances: non}}}]}]}}", "« jours_ouverts » va avec « si_ferme »"),
        ("activites: {c: {nom: C, absences: [{nom: a, si: toujours, du: {de: 3, a: 2, unite: jours_reserves}}]}}", "ne contient aucun jour"),
        ("activites: {c: {nom: C, " + TARIFF.replace("prix: x", "prix: nombre * 2") + "}}", "« nombre » n’existe que dans un cumul"),
        ("faits: {t: texte}\nactivites: {c: {nom: C, comptes: [{nom: t, parmi: presences, " + COUNT + ", si: toujours}]}}", "le fait « t » n’est pas un nombre"),
        ("activites: {c: {nom: C}}\ncumuls: [" + ", ".join(["{nom: p, periode: mois, par: famille, activites: [c], effet: plafond, valeur: 1, arrondi: {au: 0.01, vers: plus_proche}}"] * 2) + "]", "deux cumuls s’appellent « p »"),
        ("faits: {h: heure}\nactivites: {c: {nom: C, tarif: {arrondi: " + CENTS + ", prix: {table: {selon: h, trous: refuser, lignes: [{h: {a: '18:00'}, valeur: 1}, {h: {plus_de: '18:01'}, valeur: 2}]}}}}}", "h entre 18 h et 18 h 02 n’a pas de ligne"),
        ("activites: {c: {nom: C, inscription: {pieces: [{nom: a}, {nom: a}]}}}", "la pièce « a » est écrite deux fois"),
        ("activites: {c: {nom: C, inscription: {conditions: [{resident: oui}]}}}", "le nom d’une condition est attendu"),
        ("activites: {c: {nom: C, tarif: {prix: 3, arrondi: " + CENTS + ", ajustements: [{nom: a, si: toujours, operation: decaler_tranche, fait: quotient, de: -1}]}}}", "« a » décale une tranche ; ce prix n’est pas une table"),
        ("faits: {n: entier}\nactivites: {c: {nom: C, comptes: [{nom: n, parmi: presences, " + COUNT + ", si: toujours}], absences: [{nom: a, si: {n: 1}, du: rien}, {nom: b, si: toujours, du: tout}]}}", "seul un compte « parmi: absences » y est"),
    ],
)  # fmt: skip
def test_slips_that_would_have_changed_a_rule_in_silence(text, fault):
    assert fault in plain("\n".join(messages(text)))


def test_an_office_that_is_closed_has_days_on_which_it_is_open():
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [], mairie_fermee: [2026-09-15]}\n"
    assert "« mairie_fermee » va avec « mairie_ouverte »" in messages("activites: {c: {nom: C}}", header)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("activites: {c: {nom: C, delais: [{" + RULE + "}, {actions: [reserver], canaux: [telephone], etapes: [], ensuite: libre}]}}", "delais[2] : « reserver » ne répond jamais"),
        ("activites: {c: {nom: C, tarif: {prix: 1, arrondi: " + CENTS + ", ajustements: [{nom: a, si: delai, operation: ajouter, valeur: 1, portee: unite}]}}}", "« a » ne joue jamais"),
        ("activites: {c: {nom: C, delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [{effet: supplement, jusqu_a: " + PLAIN + "}}]}]}}", "le prix ne change pas"),
        ("activites: {c: {nom: C, ouverture: " + WEEK + ", delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [{effet: libre, jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 0, heure: '10:00', limite: incluse}}]}]}}", "cette limite vient après le jour de service"),
        ("activites: {c: {nom: C, ouverture: " + WEEK + ", delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [{effet: libre, a_partir_de: {forme: semaine, jour: vendredi, semaines_avant: 1, heure: '10:00', limite: incluse}, jusqu_a: " + PLAIN + "}}]}]}}", "cette étape ne s’ouvre jamais"),
        ("activites: {c: {nom: C, ouverture: " + WEEK + ", delais: [{actions: [reserver], canaux: tous, ensuite: refus, etapes: [{effet: libre, jusqu_a: {forme: selon_le_jour, limite: incluse, entrees: [{pour: [lundi, mardi], jour: jeudi, semaines_avant: 1, heure: '10:00'}]}}]}]}}", "complétez « entrees »"),
    ],
)  # fmt: skip
def test_rules_without_effect_are_warnings(text, said):
    _, faults = read(text)
    assert said in "\n".join(plain(str(fault)) for fault in faults.warnings)


def test_periods_that_overlap_are_a_warning():
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [], periodes: {p: {du: 2026-10-17, au: 2026-11-01}, q: {du: 2026-10-25, au: 2026-11-10}}}\n"
    _, faults = read("activites: {c: {nom: C}}", header)
    assert "« p » et « q » se chevauchent" in plain(str(faults.warnings[0]))


def test_a_table_may_be_one_value_and_all_the_others():
    rows = "{quotient: {sauf: 3}, valeur: 1}, {quotient: 3, valeur: 2}"
    assert read(with_rows(rows))[1].errors == []


@pytest.mark.parametrize(
    "amount",
    [
        'age: {valeur: "annees_revolues(naissance, date)", arrondi: {au: 1, vers: inferieur}}',
        'age: "annees_revolues(naissance, date)"',
    ],
)
def test_an_amount_in_whole_numbers_leaves_no_hole(amount):
    rows = "{age: {a: 5}, valeur: 1}, {age: {de: 6}, valeur: 2}"
    text = f"""
        faits: {{naissance: date}}
        montants: {{{amount}}}
        activites: {{c: {{nom: C, tarif: {{arrondi: {CENTS}, prix: {{table: {{selon: age, trous: refuser, lignes: [{rows}]}}}}}}}}}}
        """
    assert read(text)[1].errors == []
