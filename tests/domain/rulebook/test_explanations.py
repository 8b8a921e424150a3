# ruff: noqa: E501  a rule, a question or a step a line reads better than folded
"""An explanation names each rule in its order, what it read and what it gave, in words and in figures."""

from textwrap import dedent

from domain.french import NARROW_NBSP, NBSP
from domain.rulebook.trace import in_words
from tests.domain.rulebook.helpers import ask, rulebook_of


def explanation(book, text):
    """A step a line: rule (version) · words · what was read · what came out; no-break spaces are plain ones."""
    (found,) = ask(book, text)
    lines = [
        " · ".join(
            part
            for part in (
                step.rule + (f" ({step.version})" if step.version else ""),
                step.text,
                ", ".join(f"{name} = {in_words(value)}" for name, value in step.inputs),
                "" if step.result is None else in_words(step.result),
                step.bracket,
            )
            if part
        )
        for step in found.trace.steps
    ]
    return (
        "\n".join([*lines, *([f"! {found.problem}"] if found.problem else [])])
        .replace(NBSP, " ")
        .replace(NARROW_NBSP, " ")
    )


def check_explanation(book, text, expected):
    assert explanation(book, text) == dedent(expected).strip()


PRICES = """
faits: {x: nombre, lieu: [ici, ailleurs]}
montants: {double: {valeur: 2 * x, arrondi: {au: 1, vers: superieur}}}
activites:
  cantine:
    nom: Cantine
    tarif:
      versions:
        - nom: "2026"
          du: 2026-01-01
          regle:
            prix:
              table:
                selon: [lieu, x]
                trous: refuser
                lignes:
                  - {lieu: ici, x: {moins_de: 10}, valeur: {courbe: {sur: x, points: [[0, 1], [10, 2]], au_dela: refuser}}}
                  - {lieu: ici, x: {de: 10}, valeur: {taux: 0.5, sur: x, constante: 1, plancher: 7, plafond: 9}}
                  - {lieu: ailleurs, x: tous, valeur: double}
            quantite: {tranches: {minutes: 50, de: 30, compte: commencees, tolerance: 0}}
            ajustements:
              - {nom: decale, si: {x: 3}, operation: decaler_tranche, fait: x, de: 1}
              - {nom: sans, si: {x: 4}, operation: remplacer, faits: {x: 12, lieu: ici}}
              - {nom: plus, si: {x: {de: 4}}, operation: multiplier, valeur: 1.111, portee: unite}
              - {nom: dossier, si: {x: 4}, operation: ajouter, valeur: 2, portee: presence}
            arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
"""
OTHERS = """
faits: {cause: [maladie, autre], naissance: date, revenu: nombre}
quotient: {inconnu: tranche_la_plus_haute, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: annee_civile, garde_alternee: non_prevu, arrondi: {au: 1, vers: inferieur}}
montants: {tiers: {valeur: revenu / 3, arrondi: {au: 0.01, vers: plus_proche}}}
conditions: {aise: {si: {tiers: {de: 100}}, sinon: Pas assez.}}
dates: {admission: [{si: {cause: autre}, depuis: naissance, annees: 3}, {depuis: naissance, annees: 3, au_mois: 9, au_jour: 1, jours: -1}]}
activites:
  cantine:
    nom: Cantine
    delais:
      - actions: [reserver]
        canaux: tous
        etapes:
          - {a_partir_de: {forme: semaine, jour: lundi, semaines_avant: 2, heure: "08:00", limite: incluse}, jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: incluse}, effet: libre}
          - {jusqu_a: {forme: semaine, jour: vendredi, semaines_avant: 1, heure: "12:00", limite: exclue}, effet: supplement, si: {cause: autre}, supplements: [tardif], exige: [appel]}
        ensuite: refus
    tarif:
      prix: 4
      ajustements: [{nom: tardif, si: delai, operation: ajouter, valeur: 1.5, portee: unite}, {nom: frais, si: {cause: autre}, operation: ajouter, valeur: 3, portee: facture}]
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
    absences:
      - {nom: certificat, si: {cause: maladie}, du: {de: 1, a: 1, unite: jours_reserves}}
      - {nom: repas dû, si: toujours, du: tout}
    inscription:
      fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: 2026-09-24 24:00, limite: exclue}]
      pieces: [{nom: photo}]
      choix: [{par: semaine, exige: {jours_choisis: {de: 2}}, sinon: Deux jours par semaine.}]
      attribution: {criteres: [{cause: maladie}], egalite: ordre_d_arrivee, classement: premier_rempli}
cumuls: [{nom: plafond, periode: mois, par: enfant, activites: [cantine], effet: plafond, valeur: 6, arrondi: {au: 0.01, vers: plus_proche}}]
facturation: {minimum: {montant: 15.5, report: oui}}
"""


def test_a_price():
    book = rulebook_of(PRICES)
    check_explanation(book, "- {question: prix, activite: cantine, jour: 2026-09-14, faits: {x: 2, lieu: ici}}", """
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[1].valeur.courbe (2026) · courbe, x = 2 : 1,2 · x = 2 · 1,2
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[1] (2026) · lieu = ici et x = 2 : 1,2 · lieu = ici, x = 2 · 1,2 · tranche A (moins de 10)
        activites.cantine.tarif.versions[1].regle.quantite.tranches (2026) · 50 min, tranches de 30 min commencees : 2 · minutes = 50 · 2
        activites.cantine.tarif.versions[1].regle (2026) · 1,2 × 2 = 2,4 · prix_unitaire = 1,2, quantite = 2 · 2,4
        """)  # fmt: skip
    check_explanation(book, "- {question: prix, activite: cantine, jour: 2026-09-14, faits: {x: 3, lieu: ici}}", """
        activites.cantine.tarif.versions[1].regle.ajustements[1] (2026) · decale : x décalé de 1 tranche(s)
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2].valeur (2026) · 0,5 × 3 + 1 = 2,5 · x = 3 · 2,5
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2].valeur (2026) · plancher : 7 · 7
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2] (2026) · lieu = ici et x = 3 : 7 · lieu = ici, x = 3 · 7 · tranche B (10 ou plus)
        activites.cantine.tarif.versions[1].regle.quantite.tranches (2026) · 50 min, tranches de 30 min commencees : 2 · minutes = 50 · 2
        activites.cantine.tarif.versions[1].regle (2026) · 7 × 2 = 14 · prix_unitaire = 7, quantite = 2 · 14
        """)  # fmt: skip
    check_explanation(book, "- {question: prix, activite: cantine, jour: 2026-09-14, faits: {x: 4, lieu: ailleurs}}", """
        activites.cantine.tarif.versions[1].regle.ajustements[2] (2026) · sans : x = 12, lieu = ici
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2].valeur (2026) · 0,5 × 12 + 1 = 7 · x = 12 · 7
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2] (2026) · lieu = ici et x = 12 : 7 · lieu = ici, x = 12 · 7 · tranche B (10 ou plus)
        activites.cantine.tarif.versions[1].regle.ajustements[3] (2026) · plus : multiplier 1,111, 7 → 7,777 · avant = 7, valeur = 1,111 · 7,777
        activites.cantine.tarif.versions[1].regle.quantite.tranches (2026) · 50 min, tranches de 30 min commencees : 2 · minutes = 50 · 2
        activites.cantine.tarif.versions[1].regle (2026) · 7,777 × 2 = 15,554 · prix_unitaire = 7,777, quantite = 2 · 15,554
        activites.cantine.tarif.versions[1].regle.ajustements[4] (2026) · dossier : ajouter 2, 15,554 → 17,554 · avant = 15,554, valeur = 2 · 17,554
        activites.cantine.tarif.versions[1].regle (2026) · arrondi : 17,554 → 17,55 · 17,55
        """)  # fmt: skip
    check_explanation(book, "- {question: prix, activite: cantine, jour: 2026-09-14, faits: {x: 30, lieu: ici}}", """
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2].valeur (2026) · 0,5 × 30 + 1 = 16 · x = 30 · 16
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2].valeur (2026) · plafond : 9 · 9
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[2] (2026) · lieu = ici et x = 30 : 9 · lieu = ici, x = 30 · 9 · tranche B (10 ou plus)
        activites.cantine.tarif.versions[1].regle.ajustements[3] (2026) · plus : multiplier 1,111, 9 → 9,999 · avant = 9, valeur = 1,111 · 9,999
        activites.cantine.tarif.versions[1].regle.quantite.tranches (2026) · 50 min, tranches de 30 min commencees : 2 · minutes = 50 · 2
        activites.cantine.tarif.versions[1].regle (2026) · 9,999 × 2 = 19,998 · prix_unitaire = 9,999, quantite = 2 · 19,998
        activites.cantine.tarif.versions[1].regle (2026) · arrondi : 19,998 → 20 · 20
        """)  # fmt: skip
    check_explanation(book, "- {question: prix, activite: cantine, jour: 2026-09-14, faits: {x: 1.2, lieu: ailleurs}}", """
        montants.double.valeur · 2 * x = 2,4 · x = 1,2 · 2,4
        montants.double · arrondi : 2,4 → 3 · 3
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[3].valeur (2026) · double = 3 · double = 3 · 3
        activites.cantine.tarif.versions[1].regle.prix.table.lignes[3] (2026) · lieu = ailleurs : 3 · lieu = ailleurs · 3
        activites.cantine.tarif.versions[1].regle.quantite.tranches (2026) · 50 min, tranches de 30 min commencees : 2 · minutes = 50 · 2
        activites.cantine.tarif.versions[1].regle (2026) · 3 × 2 = 6 · prix_unitaire = 3, quantite = 2 · 6
        """)  # fmt: skip


def test_facts_that_are_computed():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: fait, fait: aise, faits: {revenu: 200}}", """
        montants.tiers.valeur · revenu / 3 = 66,66666666666666666666666667 · revenu = 200 · 66,66666666666666666666666667
        montants.tiers · arrondi : 66,66666666666666666666666667 → 66,67 · 66,67
        conditions.aise · non · tiers = 66,67 · non
        """)  # fmt: skip
    check_explanation(book, "- {question: fait, fait: aise, faits: {revenu: 300.01}}", """
        montants.tiers.valeur · revenu / 3 = 100,0033333333333333333333333 · revenu = 300,01 · 100,0033333333333333333333333
        montants.tiers · arrondi : 100,0033333333333333333333333 → 100 · 100
        conditions.aise · oui · tiers = 100 · oui
        """)  # fmt: skip
    check_explanation(book, "- {question: fait, fait: admission, faits: {cause: maladie, naissance: 2023-10-30}}", """
        dates.admission[2] · lundi 31 août 2026 · lundi 31 août 2026
        """)  # fmt: skip
    check_explanation(book, "- {question: fait, fait: admission, faits: {cause: autre, naissance: 2024-02-29}}", """
        dates.admission[1] · dimanche 28 février 2027 · dimanche 28 février 2027
        """)  # fmt: skip
    check_explanation(book, "- {question: fait, fait: quotient, jour: 2026-09-14, faits: {quotients: [{valeur: 622.4, recu: 2026-03-20}]}}", """
        quotient · quotient au lundi 14 septembre 2026 : 622,4 · 622,4
        quotient · quotient arrondi : 622,4 → 622 · 622
        """)  # fmt: skip
    check_explanation(book, "- {question: fait, fait: quotient, jour: 2026-03-14, faits: {quotients: [{valeur: 622.4, recu: 2026-03-20}]}}", """
        quotient · quotient au samedi 14 mars 2026 : inconnu (622,4 reçu le vendredi 20 mars 2026 compte du vendredi 20 mars 2026 au jeudi 31 décembre 2026)
        quotient · quotient inconnu : tranche_la_plus_haute
        """)  # fmt: skip


def test_a_limit():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: limite, activite: cantine, action: reserver, jour: 2026-09-18, faits: {cause: autre}}", """
        activites.cantine.delais[1].etapes[1] · à partir du lundi 31 août, 8 h, jusqu’au jeudi 10 septembre, 12 h : libre
        activites.cantine.delais[1].etapes[2] · avant le vendredi 11 septembre, 12 h : supplement
        """)  # fmt: skip
    check_explanation(book, "- {question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-08-31 07:59, faits: {cause: autre}}", """
        activites.cantine.delais[1].etapes[2] · avant le vendredi 11 septembre, 12 h : supplement · a = lundi 31 août, 7 h 59, cause = autre · supplement
        """)  # fmt: skip
    check_explanation(book, "- {question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-09-10 12:00, faits: {cause: autre}}", """
        activites.cantine.delais[1].etapes[1] · à partir du lundi 31 août, 8 h, jusqu’au jeudi 10 septembre, 12 h : libre · a = jeudi 10 septembre, 12 h · libre
        """)  # fmt: skip
    check_explanation(book, "- {question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-09-11 11:59, faits: {cause: autre}}", """
        activites.cantine.delais[1].etapes[2] · avant le vendredi 11 septembre, 12 h : supplement · a = vendredi 11 septembre, 11 h 59, cause = autre · supplement
        """)  # fmt: skip
    check_explanation(book, "- {question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-09-11 12:00, faits: {cause: autre}}", """
        activites.cantine.delais[1].ensuite · tout délai passé : refus · a = vendredi 11 septembre, 12 h
        """)  # fmt: skip
    check_explanation(book, "- {question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-09-19 00:00, faits: {cause: autre}}", """
        activites.cantine · ce jour est passé : refus · a = vendredi 18 septembre, 24 h
        """)  # fmt: skip


def test_an_absence():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: absence, activite: cantine, jours: [2026-09-14, 2026-09-15], faits: {cause: maladie}, chiffrer: oui}", """
        activites.cantine.absences[1] · 2026-09-14 : dû (certificat) · oui
        activites.cantine.absences[1] · 2026-09-15 : non dû (certificat) · non
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        """)  # fmt: skip
    check_explanation(book, "- {question: absence, activite: cantine, jours: [2026-09-14, 2026-09-15], faits: {cause: autre}, chiffrer: oui}", """
        activites.cantine.absences[2] · 2026-09-14 : dû (repas dû) · oui
        activites.cantine.absences[2] · 2026-09-15 : dû (repas dû) · oui
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        """)  # fmt: skip


def test_a_bill():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: facture, faits: {cause: autre}, presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15], reserve_le: 2026-09-04 09:00}]}", """
        activites.cantine.delais[1].etapes[1] · à partir du lundi 31 août, 8 h, jusqu’au jeudi 10 septembre, 12 h : libre · a = vendredi 4 septembre, 9 h · libre
        activites.cantine.delais[1].etapes[1] · à partir du lundi 31 août, 8 h, jusqu’au jeudi 10 septembre, 12 h : libre · a = vendredi 4 septembre, 9 h · libre
        activites.cantine · Lou, lundi 14 septembre
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        activites.cantine · Lou, mardi 15 septembre
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        cumuls[1] · Lou, du lundi 14 septembre au mardi 15 septembre, plafond : 8 → 6 · total = 8, valeur = 6 · 6
        activites.cantine.tarif.ajustements[2] · frais : ajouter 3, 6 → 9 · avant = 6, valeur = 3 · 9
        """)  # fmt: skip
    check_explanation(book, "- {question: facture, faits: {cause: maladie}, presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14]}], absences: [{activite: cantine, enfant: Lou, jours: [2026-09-17, 2026-09-18]}]}", """
        activites.cantine.absences[1] · 2026-09-17 : dû (certificat) · oui
        activites.cantine.absences[1] · 2026-09-18 : non dû (certificat) · non
        activites.cantine · Lou, lundi 14 septembre
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        activites.cantine · Lou, jeudi 17 septembre
        activites.cantine.tarif · 4 × 1 = 4 · prix_unitaire = 4, quantite = 1 · 4
        cumuls[1] · Lou, du lundi 14 septembre au jeudi 17 septembre, plafond : 8 → 6 · total = 8, valeur = 6 · 6
        """)  # fmt: skip


def test_an_enrolment():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: fenetre, activite: cantine, a: 2026-09-14 12:00}", """
        activites.cantine.inscription.fenetres[1] · inscriptions à partir du jeudi 3 septembre, 20 h, jusqu’au jeudi 24 septembre inclus
        """)  # fmt: skip
    check_explanation(book, "- {question: inscription, activite: cantine, a: 2026-09-01 12:00, jours: [2026-09-14], faits: {cause: autre}}", """
        activites.cantine.inscription.fenetres[1] · Les inscriptions ne sont pas ouvertes : elles le sont à partir du jeudi 3 septembre, 20 h, jusqu’au jeudi 24 septembre inclus.
        activites.cantine.inscription.pieces[1] · il manque la pièce « photo ».
        activites.cantine.inscription.choix[1] · Deux jours par semaine. (semaine, à partir du lundi 14 septembre 2026)
        """)  # fmt: skip
    check_explanation(book, "- {question: inscription, activite: cantine, a: 2026-09-25 00:00, jours: [2026-09-14, 2026-09-15], pieces: [{nom: photo}]}", """
        activites.cantine.inscription.fenetres[1] · Les inscriptions sont fermées : elles étaient ouvertes à partir du jeudi 3 septembre, 20 h, jusqu’au jeudi 24 septembre inclus.
        """)  # fmt: skip
    check_explanation(book, "- {question: attribution, activite: cantine, places: 1, candidats: [{nom: A, faits: {cause: autre}, depose: 2026-09-03 20:00}, {nom: B, faits: {cause: maladie}, depose: 2026-09-04 20:00}]}", """
        activites.cantine.inscription.attribution · A : aucun critère, déposé le jeudi 3 septembre, 20 h
        activites.cantine.inscription.attribution · B : critère 1, déposé le vendredi 4 septembre, 20 h
        """)  # fmt: skip


def test_a_small_bill():
    book = rulebook_of(OTHERS)
    check_explanation(book, "- {question: avis, factures: [9, 6.5, 2]}", """
        facturation.minimum · seuil 15,5 : en attente
        facturation.minimum · seuil 15,5 : demandé
        facturation.minimum · seuil 15,5 : en attente
        """)  # fmt: skip


def test_slots_and_a_threshold_that_is_lifted():
    book = rulebook_of("""
        faits: {a: heure, d: heure, depart: oui_non}
        activites:
          c: {nom: C, tarif: {prix: {creneaux: {arrivee: a, depart: d, liste: [{de: "07:30", a: "08:00", valeur: 1.15}]}}, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
        facturation: {minimum: {montant: 15, report: oui, sauf: {depart: oui}}}
        """)
    check_explanation(book, "- {question: prix, activite: c, faits: {a: '07:45', d: '08:30'}}", """
        activites.c.tarif.prix.creneaux.arrivee · a = 465 · a = 465 · 465
        activites.c.tarif.prix.creneaux.depart · d = 510 · d = 510 · 510
        activites.c.tarif.prix.creneaux · créneau 07:30-08:00 : 1,15 · 1,15
        activites.c.tarif · 1,15 × 1 = 1,15 · prix_unitaire = 1,15, quantite = 1 · 1,15
        """)  # fmt: skip
    check_explanation(book, "- {question: avis, factures: [9], faits: {depart: oui}}", """
        facturation.minimum · tout est demandé, même sous le seuil
        facturation.minimum · seuil 0 : demandé
        """)  # fmt: skip
