# ruff: noqa: E501  a rule or a question a line reads better than folded
"""The mechanisms that real règlements make hardest to compute, each in a rulebook of its own."""

from tests.domain.rulebook.helpers import check, rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
DAYS = "{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}"
ALL_DAYS = "{base: tous, sans_feries: non, sans_vacances: non}"
SCHOOL_DAYS = "{base: ecole, sans_feries: oui, sans_vacances: oui}"


def test_another_weekday_table_in_weeks_whose_monday_is_a_public_holiday():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - jusqu_a:
                      forme: selon_le_jour
                      limite: exclue
                      entrees:
                        - {pour: [lundi, mardi], jour: jeudi, semaines_avant: 1, heure: "10:00"}
                        - {pour: [jeudi, vendredi], jour: lundi, semaines_avant: 0, heure: "10:00"}
                      sauf:
                        - quand: {lundi_ferie: oui}
                          limite:
                            forme: selon_le_jour
                            limite: exclue
                            entrees: [{pour: [mardi, jeudi, vendredi], jour: jeudi, semaines_avant: 1, heure: "10:00"}]
                    effet: libre
                ensuite: refus
        """)
    check(book, """
        - {nom: ordinaire, question: limite, activite: cantine, action: reserver, jour: 2026-03-26, attendu: {limite: 2026-03-23 10:00}}
        - {nom: lundi de Pâques, question: limite, activite: cantine, action: reserver, jour: 2026-04-09, attendu: {limite: 2026-04-02 10:00}}
        """)  # fmt: skip


def test_a_weekly_limit_then_a_later_one_counted_in_school_days():
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - {{jusqu_a: {{forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: incluse}}, effet: libre}}
                  - jusqu_a: {{forme: jours_avant, jours: 2, compte: {SCHOOL_DAYS}, francs: non, heure: "09:00", limite: exclue}}
                    effet: supplement
                    supplements: [tardif]
                ensuite: refus
            tarif:
              prix: 4.00
              ajustements: [{{nom: tardif, si: delai, operation: multiplier, valeur: 1.5, portee: unite}}]
              arrondi: {CENTS}
        """)  # fmt: skip
    check(book, """
        - {nom: libre, question: prix, activite: cantine, jour: 2026-09-18, reserve_le: 2026-09-10 12:00, attendu: {prix: 4}}
        - {nom: "vendredi, dernier moment mardi", question: prix, activite: cantine, jour: 2026-09-18, reserve_le: 2026-09-15 08:59, attendu: {prix: 6}}
        - {nom: "le mercredi ne compte pas", question: permis, activite: cantine, action: reserver, jour: 2026-09-18, a: 2026-09-15 09:00, attendu: {permis: non}}
        """)  # fmt: skip


def test_only_the_first_late_units_of_an_order_are_surcharged():
    book = rulebook_of(f"""
        faits: {{rang_tardif: nombre}}
        activites:
          cantine:
            nom: Cantine
            ouverture: {DAYS}
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - jusqu_a: {{forme: dates, limite: incluse, dates: [{{mois: 2026-10, date: 2026-09-22, heure: "24:00", jour_annonce: mardi}}]}}
                    effet: libre
                  - {{jusqu_a: toujours, effet: supplement}}
                ensuite: refus
            comptes:
              - {{nom: rang_tardif, parmi: presences, periode: commande, par: enfant, toutes_activites: non, jusqu_ici: oui, si: {{reserve_hors_delai: oui}}}}
            tarif:
              prix: 3.00
              ajustements:
                - {{nom: trois_premiers, si: {{reserve_hors_delai: oui, rang_tardif: {{a: 3}}}}, operation: ajouter, valeur: 2, portee: unite}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(book, """
        - nom: cinq repas tardifs dont trois majorés puis deux autres commandes
          question: facture
          presences:
            - {activite: cantine, commande: une, jours: [2026-10-01, 2026-10-02, 2026-10-05, 2026-10-06, 2026-10-08], reserve_le: 2026-09-25 10:00}
            - {activite: cantine, commande: deux, jours: [2026-10-09], reserve_le: 2026-09-30 10:00}
            - {activite: cantine, commande: trois, jours: [2026-10-12], reserve_le: 2026-09-20 10:00}
          attendu: {total: 29}
        """)  # fmt: skip


def test_a_late_day_also_surcharges_the_following_units():
    book = rulebook_of(f"""
        faits: {{retard: oui_non}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: 4.00
              ajustements:
                - {{nom: penalite, si: {{retard: oui}}, operation: ajouter, valeur: 1, portee: unites_suivantes, suivantes: 2}}
                - {{nom: base, si: {{retard: oui}}, operation: multiplier, valeur: 1.10, portee: facture}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(
        book,
        """
        - nom: le jour du retard et les deux suivants
          question: facture
          presences:
            - {activite: cantine, jours: [2026-10-01, 2026-10-05, 2026-10-06, 2026-10-08], faits: {retard: non}}
            - {activite: cantine, jours: [2026-10-02], faits: {retard: oui}}
          attendu: {total: 25.30}
        """,
    )


def test_the_price_of_a_day_depends_on_the_siblings_present_that_day():
    book = rulebook_of(f"""
        faits: {{presents: nombre}}
        activites:
          garderie:
            nom: Garderie
            comptes:
              - {{nom: presents, parmi: enfants, periode: jour, par: famille, toutes_activites: non, jusqu_ici: non, si: {{etat: present}}}}
            tarif:
              prix:
                table:
                  selon: presents
                  trous: refuser
                  lignes:
                    - {{presents: {{a: 1}}, valeur: 3.00}}
                    - {{presents: {{plus_de: 1, a: 2}}, valeur: 2.50}}
                    - {{presents: {{plus_de: 2}}, valeur: 2.00}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(
        book,
        """
        - nom: l’absence de l’un change le prix de l’autre
          question: facture
          presences:
            - {activite: garderie, enfant: a, jours: [2026-10-01, 2026-10-02]}
            - {activite: garderie, enfant: b, jours: [2026-10-01]}
          attendu: {total: 8, par_enfant: {a: 5.50, b: 2.50}}
        """,
    )


def test_a_linear_price_between_published_bounds_and_a_price_inside_each_section():
    book = rulebook_of(f"""
        faits: {{jours_de_la_semaine: nombre}}
        activites:
          semaine:
            nom: Semaine
            tarif:
              prix: {{taux: 0.008, sur: quotient, constante: 1.35, plancher: 3.10, plafond: 15.40}}
              quantite: jours_de_la_semaine
              arrondi: {{au: 0.01, vers: plus_proche, apres: [prix, total]}}
          cantine:
            nom: Cantine
            tarif:
              prix:
                table:
                  selon: quotient
                  trous: refuser
                  lignes:
                    - {{quotient: {{moins_de: 400}}, valeur: 1.00}}
                    - {{quotient: {{de: 400, moins_de: 800}}, valeur: 1.20 + (quotient - 400) / 400 * 0.80}}
                    - {{quotient: {{de: 800, moins_de: 1600}}, valeur: 2.40 + (quotient - 800) / 800 * 1.60}}
                    - {{quotient: {{de: 1600}}, valeur: 5.00}}
                    - {{quotient: inconnu, valeur: 5.00}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(book, """
        - {nom: semaine de cinq jours, question: prix, activite: semaine, faits: {quotient: 655, jours_de_la_semaine: 5}, attendu: {prix: 32.95}}
        - {nom: semaine de quatre jours, question: prix, activite: semaine, faits: {quotient: 100, jours_de_la_semaine: 4}, attendu: {prix: 12.40}}
        - {nom: au plafond, question: prix, activite: semaine, faits: {quotient: 4000, jours_de_la_semaine: 1}, attendu: {prix: 15.40}}
        - {nom: bas de section, question: prix, activite: cantine, faits: {quotient: 400}, attendu: {prix: 1.20}}
        - {nom: milieu de section, question: prix, activite: cantine, faits: {quotient: 600}, attendu: {prix: 1.60}}
        - {nom: section suivante, question: prix, activite: cantine, faits: {quotient: 800}, attendu: {prix: 2.40}}
        """)  # fmt: skip


def test_the_first_days_of_an_absence_are_free_and_the_later_ones_due_unless_told():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            absences:
              - nom: prévenu par le tableau
                si: toujours
                prevenu:
                  repere: chaque_jour
                  jusqu_a:
                    forme: selon_le_jour
                    limite: exclue
                    entrees:
                      - {pour: [lundi, mardi], jour: vendredi, semaines_avant: 1, heure: "09:00"}
                      - {pour: [jeudi, vendredi], jour: mardi, semaines_avant: 0, heure: "09:00"}
                du: rien
              - {nom: deux jours gratuits, si: toujours, du: {de: 3, a: null, unite: jours_reserves}, duree: {au_moins: 1, unite: jours_reserves}}
              - {nom: reste, si: toujours, du: tout}
        """)  # fmt: skip
    check(
        book,
        """
        - nom: prévenu le mardi pour jeudi et vendredi
          question: absence
          activite: cantine
          jours: [2026-10-05, 2026-10-06, 2026-10-08, 2026-10-09]
          prevenu: 2026-10-06 08:00
          attendu: {nombre_du: 0}
        - nom: jamais prévenu
          question: absence
          activite: cantine
          jours: [2026-10-05, 2026-10-06, 2026-10-08, 2026-10-09]
          attendu: {dus: [2026-10-08, 2026-10-09]}
        """,
    )


def test_a_penalty_only_from_the_third_time_of_a_month():
    book = rulebook_of(f"""
        faits: {{depart: heure, rang: nombre}}
        activites:
          garderie:
            nom: Garderie
            comptes:
              - {{nom: rang, parmi: presences, periode: mois, par: enfant, toutes_activites: non, jusqu_ici: oui, si: {{depart: {{plus_de: "18:30"}}}}}}
            tarif:
              prix: 2.00
              ajustements:
                - {{nom: depassement, si: {{depart: {{plus_de: "18:30"}}, rang: {{de: 3}}}}, operation: ajouter, valeur: 6, portee: presence}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(
        book,
        """
        - nom: le rang repart chaque mois
          question: facture
          presences:
            - {activite: garderie, jours: [2026-10-01, 2026-10-02, 2026-10-05, 2026-11-02], faits: {depart: "18:40"}}
            - {activite: garderie, jours: [2026-10-06], faits: {depart: "18:30"}}
          attendu: {total: 16}
        """,
    )


def test_an_aid_with_a_yearly_ceiling_limited_to_the_cost_left_and_shared():
    book = rulebook_of(f"""
        faits: {{aide_deja_versee: nombre, autres_aides: nombre, garde_alternee: oui_non}}
        montants:
          plafond: {{cas: [{{si: {{garde_alternee: oui}}, valeur: 50}}], sinon: 100}}
          reste_au_plafond: "max(0, plafond - aide_deja_versee)"
        activites:
          alsh:
            nom: Accueil
            tarif: {{prix: 12, arrondi: {CENTS}}}
        cumuls:
          - nom: aide de 4 € par jour
            periode: annee_civile
            par: enfant
            activites: [alsh]
            effet: ajoute
            valeur: "0 - min(min(4 * nombre, reste_au_plafond), max(0, total - autres_aides))"
            arrondi: {{au: 0.01, vers: plus_proche}}
        """)
    check(book, """
        - {nom: loin du plafond, question: facture, faits: {aide_deja_versee: 0, autres_aides: 0, garde_alternee: non}, presences: [{activite: alsh, jours: [2026-10-21, 2026-10-22]}], attendu: {total: 16}}
        - {nom: plafond partagé, question: facture, faits: {aide_deja_versee: 47, autres_aides: 0, garde_alternee: oui}, presences: [{activite: alsh, jours: [2026-10-21, 2026-10-22]}], attendu: {total: 21}}
        - {nom: jamais plus que le coût restant, question: facture, faits: {aide_deja_versee: 0, autres_aides: 23, garde_alternee: non}, presences: [{activite: alsh, jours: [2026-10-21, 2026-10-22]}], attendu: {total: 23}}
        """)  # fmt: skip


def test_the_category_of_the_month_prices_every_meal_of_it():
    book = rulebook_of(f"""
        faits:
          pris: nombre
          prevus: nombre
          mode: {{valeurs: [regulier, occasionnel], deduit: [{{si: {{part: {{de: 0.5}}}}, valeur: regulier}}], sinon: occasionnel}}
        montants: {{part: pris / prevus}}
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi, mercredi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}}
            comptes:
              - {{nom: pris, parmi: presences, periode: mois, par: enfant, toutes_activites: non, jusqu_ici: non, si: {{jour: {{sauf: mercredi}}}}}}
              - {{nom: prevus, parmi: jours_d_ouverture, periode: mois, par: enfant, toutes_activites: non, jusqu_ici: non, si: {{jour: {{sauf: mercredi}}}}}}
            tarif:
              prix: {{cas: [{{si: {{mode: regulier}}, valeur: 4}}], sinon: 5}}
              arrondi: {CENTS}
        """)  # fmt: skip
    check(book, """
        - {nom: un prix à l’unité reste provisoire, question: prix, activite: cantine, faits: {pris: 9, prevus: 18}, attendu: {prix: 4, provisoire: oui}}
        - {nom: neuf sur dix-huit, question: facture, presences: [{activite: cantine, jours: [2026-09-01, 2026-09-03, 2026-09-04, 2026-09-07, 2026-09-08, 2026-09-10, 2026-09-11, 2026-09-14, 2026-09-15]}], attendu: {total: 36}}
        - {nom: un mercredi ne compte pas, question: facture, presences: [{activite: cantine, jours: [2026-09-01, 2026-09-02, 2026-09-04, 2026-09-07, 2026-09-08, 2026-09-10, 2026-09-11, 2026-09-14, 2026-09-15]}], attendu: {total: 45}}
        """)  # fmt: skip


def test_alternating_custody_makes_two_bills():
    book = rulebook_of(f"""
        faits: {{qui_paie: {{valeurs: [parent_a, parent_b], deduit: [{{si: {{semaine_paire: oui}}, valeur: parent_a}}], sinon: parent_b}}}}
        activites: {{cantine: {{nom: Cantine, tarif: {{prix: 4, arrondi: {CENTS}}}}}}}
        facturation: {{payeur: qui_paie}}
        """)  # fmt: skip
    check(book, """
        - {nom: semaines 40 et 41, question: facture, presences: [{activite: cantine, jours: [2026-10-01, 2026-10-02, 2026-10-05]}], attendu: {par_payeur: {parent_a: 8, parent_b: 4}}}
        """)  # fmt: skip


def test_a_late_file_pays_the_top_price_until_it_is_complete():
    book = rulebook_of(f"""
        faits: {{depose_le: date}}
        montants: {{jours_depuis_le_depot: date - depose_le}}
        quotient: {{inconnu: tranche_la_plus_haute, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: null}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: {{table: {{selon: quotient, trous: refuser, lignes: [{{quotient: {{a: 500}}, valeur: 1}}, {{quotient: {{plus_de: 500}}, valeur: 6}}]}}}}
              ajustements: [{{nom: dossier_tardif, si: {{jours_depuis_le_depot: {{moins_de: 0}}}}, operation: remplacer, faits: {{quotient: 99999}}}}]
              arrondi: {CENTS}
        """)  # fmt: skip
    check(book, """
        - {nom: avant le dépôt, question: prix, activite: cantine, jour: 2026-09-10, faits: {quotient: 300, depose_le: 2026-09-20}, attendu: {prix: 6}}
        - {nom: depuis le dépôt, question: prix, activite: cantine, jour: 2026-09-20, faits: {quotient: 300, depose_le: 2026-09-20}, attendu: {prix: 1}}
        - {nom: sans quotient, question: prix, activite: cantine, jour: 2026-09-21, faits: {quotient: inconnu, depose_le: 2026-09-20}, attendu: {prix: 6}}
        """)  # fmt: skip
