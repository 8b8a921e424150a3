# ruff: noqa: E501  a fault a line reads better than folded
"""Every slip that the reader knows is told in words, at its place; what stands on a bound is accepted."""

import re

import pytest

from domain.french import NBSP
from tests.domain.rulebook.helpers import read

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
PRICE = "faits: {x: nombre, lieu: [ici, ailleurs], d: date, h: heure}\nactivites: {c: {nom: C, tarif: {prix: %s, arrondi: CENTS}}}"
TARIFF = "faits: {x: nombre}\nactivites: {c: {nom: C, tarif: {prix: x, %s}}}"
ACTIVITY = "faits: {x: nombre}\nactivites: {c: {nom: C, %s}}"
RULEBOOK = "faits: {x: nombre, d: date}\nactivites: {c: {nom: C}}\n%s"
FACTS = "faits: {%s}\nactivites: {c: {nom: C}}"

TOLD = [
    # values
    (PRICE, "quand on veut", ["activites.c.tarif.prix : la formule « quand on veut » ne se lit pas ; exemple : revenus / 12 / parts."]),
    (PRICE, "'x +'", ["activites.c.tarif.prix : la formule « x + » ne se lit pas ; exemple : revenus / 12 / parts."]),
    (PRICE, "x + lieu", ["activites.c.tarif.prix : le fait « lieu » n’est pas un nombre."]),
    (PRICE, "x + inconnue", ["activites.c.tarif.prix : le fait « inconnue » : ce nom n’est pas déclaré ; déclarés : …"]),
    (PRICE, "min(x)", ["activites.c.tarif.prix : la fonction min prend deux nombres."]),
    (PRICE, "abs(x)", ["activites.c.tarif.prix : une formule ne contient que des nombres, des faits, + - * / ( ) et les fonctions min, max, annees_revolues, plus_proche, plus_proche_pair, superieur, inferieur."]),
    (PRICE, "x ** 2", ["activites.c.tarif.prix : une formule ne contient que des nombres, des faits, + - * / ( ) et les fonctions min, max, annees_revolues, plus_proche, plus_proche_pair, superieur, inferieur."]),
    (PRICE, "'x.y'", ["activites.c.tarif.prix : une formule ne contient que des nombres, des faits, + - * / ( ) et les fonctions min, max, annees_revolues, plus_proche, plus_proche_pair, superieur, inferieur."]),
    (PRICE, "{prix: 3}", ["activites.c.tarif.prix : une valeur est un nombre, une formule, ou l’une de : table, courbe, taux, cas, tranches, creneaux."]),
    (PRICE, "{courbe: {sur: lieu, points: [[0, 1], [1, 2]], au_dela: plat}}", ["activites.c.tarif.prix.courbe.sur : le fait « lieu » n’est pas un nombre."]),
    (PRICE, "{courbe: {sur: x, points: [[0, 1], [0, 2]], au_dela: plat}}", ["activites.c.tarif.prix.courbe.points : les points vont du plus petit au plus grand, sans doublon."]),
    (PRICE, "{courbe: {sur: x, points: [[1, 1], [0, 2]], au_dela: plat}}", ["activites.c.tarif.prix.courbe.points : les points vont du plus petit au plus grand, sans doublon."]),
    (PRICE, "{courbe: {sur: x, points: [[0, 1]], au_dela: plat}}", ["activites.c.tarif.prix.courbe.points : au moins 2 élément(s) attendu(s)."]),
    (PRICE, "{courbe: {sur: x, points: [[0, 1, 2], [1, 2]], au_dela: plat}}", ["activites.c.tarif.prix.courbe.points[1] : un point est une paire, par exemple [500, 2.40]."]),
    (PRICE, "{courbe: {sur: x, points: [[0, 1], [1, 2]], au_dela: loin}}", ["activites.c.tarif.prix.courbe.au_dela : « loin » n’est pas possible ici ; choisissez parmi : plat, pente, refuser."]),
    (PRICE, "{courbe: {sur: x, points: [[0, 1], [1, 2]], au_dela: plat}, sinon: 2}", ["activites.c.tarif.prix.sinon : clé inconnue « sinon » à côté de « courbe »."]),
    (PRICE, "{taux: 2, sur: d, constante: 0, plancher: null, plafond: null}", ["activites.c.tarif.prix.sur : le fait « d » n’est pas un nombre."]),
    (PRICE, "{taux: 2, sur: x}", ["activites.c.tarif.prix : il manque « constante » : ce qui s’ajoute (0 s’il n’y a rien).", "activites.c.tarif.prix : il manque « plancher » : le minimum (null s’il n’y en a pas).", "activites.c.tarif.prix : il manque « plafond » : le maximum (null s’il n’y en a pas)."]),
    (PRICE, "{cas: [], sinon: 1}", ["activites.c.tarif.prix.cas : au moins 1 élément(s) attendu(s)."]),
    (PRICE, "{cas: [{si: {x: 1}}], sinon: 1}", ["activites.c.tarif.prix.cas[1] : il manque « valeur » : la valeur de ce cas."]),
    (PRICE, "{tranches: {minutes: x, de: 0, compte: commencees, tolerance: 0}}", ["activites.c.tarif.prix.tranches.de : un nombre entier entre 1 et 1440 est attendu."]),
    (PRICE, "{tranches: {minutes: x, de: 1440, compte: pleines, tolerance: 241}}", ["activites.c.tarif.prix.tranches.compte : « pleines » n’est pas possible ici ; choisissez parmi : commencees, completes.", "activites.c.tarif.prix.tranches.tolerance : un nombre entier entre 0 et 240 est attendu."]),
    (PRICE, "{creneaux: {arrivee: h, depart: h, liste: [{de: '08:00', a: '08:00', valeur: 1}]}}", ["activites.c.tarif.prix.creneaux.liste[1] : ce créneau finit avant de commencer."]),
    (PRICE, "{creneaux: {arrivee: h, depart: h, liste: []}}", ["activites.c.tarif.prix.creneaux.liste : au moins 1 élément(s) attendu(s)."]),
    (PRICE, "(x,)", ["activites.c.tarif.) : clé inconnue « ) » ; clés possibles : prix, arrondi, quantite, ajustements. Si c’est la suite d’une phrase, mettez la phrase entre guillemets : la virgule sépare deux clés.", "activites.c.tarif.prix : la formule « (x » ne se lit pas ; exemple : revenus / 12 / parts."]),
    (PRICE, "x if x else 1", ["activites.c.tarif.prix : une formule ne contient que des nombres, des faits, + - * / ( ) et les fonctions min, max, annees_revolues, plus_proche, plus_proche_pair, superieur, inferieur."]),
    (PRICE, '"\'a\'"', ["activites.c.tarif.prix : une formule ne contient que des nombres, des faits, + - * / ( ) et les fonctions min, max, annees_revolues, plus_proche, plus_proche_pair, superieur, inferieur."]),
    (PRICE, "'plus_proche(x, 1, 2)'", ["activites.c.tarif.prix : la fonction plus_proche prend deux nombres."]),
    # tables
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: tous, valeur: 1}], titre: a}}", ["activites.c.tarif.prix.table.titre : clé inconnue « titre » ; clés possibles : selon, colonnes, trous, lignes."]),
    (PRICE, "{table: {lignes: [{x: tous, valeur: 1}]}}", ["activites.c.tarif.prix.table : il manque « selon » : les faits que la table croise."]),
    (PRICE, "{table: {selon: x, trous: refuser}}", ["activites.c.tarif.prix.table : il manque « lignes » : les lignes de la table."]),
    (PRICE, "{table: {selon: lieu, colonnes: x, lignes: [{lieu: tous, valeur: {a: 1}}]}}", ["activites.c.tarif.prix.table.colonnes : les colonnes suivent un fait à valeurs énumérées."]),
    (PRICE, "{table: {selon: x, lignes: [{x: tous, valeur: 1}]}}", ["activites.c.tarif.prix.table : il manque « trous » : ce que devient une valeur entre deux tranches (refuser, tranche_superieure ou tranche_inferieure)."]),
    (PRICE, "{table: {selon: h, lignes: [{h: tous, valeur: 1}]}}", ["activites.c.tarif.prix.table : il manque « trous » : ce que devient une valeur entre deux tranches (refuser, tranche_superieure ou tranche_inferieure)."]),
    (PRICE, "{table: {selon: [lieu, x], lignes: [{lieu: tous, x: tous, valeur: 1}]}}", ["activites.c.tarif.prix.table : il manque « trous » : ce que devient une valeur entre deux tranches (refuser, tranche_superieure ou tranche_inferieure)."]),
    (PRICE, "{table: {selon: lieu, lignes: [{lieu: ici, valeur: 1}]}}", ["activites.c.tarif.prix.table : aucune ligne pour lieu = ailleurs."]),
    (PRICE, "{table: {selon: lieu, lignes: [{lieu: ici, valeur: 1}, {lieu: tous, valeur: 2}]}}", ["activites.c.tarif.prix.table : 2 lignes valent à la fois pour lieu = ici."]),
    (PRICE, "{table: {selon: lieu, lignes: [{lieu: [ici, la], valeur: 1}]}}", ["activites.c.tarif.prix.table.lignes[1].lieu[2] : « la » n’est pas possible ici ; choisissez parmi : ici, ailleurs."]),
    (PRICE, "{table: {selon: jour_d_ecole, colonnes: lieu, lignes: [{jour_d_ecole: tous, valeur: {ici: 1, la: 2}}]}}", ["activites.c.tarif.prix.table.lignes[1].valeur.la : « la » n’est pas une valeur de lieu : ici, ailleurs."]),
    (PRICE, "{table: {selon: jour_d_ecole, lignes: [{jour_d_ecole: oui, valeur: 1}]}}", ["activites.c.tarif.prix.table : aucune ligne pour jour_d_ecole = non."]),
    (PRICE, "{table: {selon: jour_d_ecole, lignes: [{jour_d_ecole: non, valeur: 1}]}}", ["activites.c.tarif.prix.table : aucune ligne pour jour_d_ecole = oui."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: tous, valeur: 1}, {x: inconnu, valeur: 1}]}}", ["activites.c.tarif.prix.table : plusieurs lignes valent pour tout x."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {de: 1}, valeur: 1}]}}", ["activites.c.tarif.prix.table : x sous 1 : aucune ligne."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {a: 5}, valeur: 1}, {x: {de: 3, a: 4}, valeur: 1}, {x: {de: 6}, valeur: 1}]}}", ["activites.c.tarif.prix.table : deux tranches de x se chevauchent (jusqu’à 5 ; à partir de 3, jusqu’à 4).", "activites.c.tarif.prix.table : x entre 4 et 6 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {moins_de: 5}, valeur: 1}, {x: {de: 4}, valeur: 1}]}}", ["activites.c.tarif.prix.table : deux tranches de x se chevauchent (moins de 5 ; à partir de 4)."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {a: 5}, valeur: 1}, {x: {de: 5}, valeur: 1}]}}", ["activites.c.tarif.prix.table : x = 5 est dans deux tranches."]),
    (PRICE, "{table: {selon: [x, lieu], trous: refuser, lignes: [{x: {a: 5}, lieu: ici, valeur: 1}, {x: {de: 6}, lieu: ici, valeur: 1}, {x: tous, lieu: ailleurs, valeur: 1}]}}", ["activites.c.tarif.prix.table : x entre 5 et 6 pour lieu = ici n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: [1, 2], valeur: 1}, {x: {de: 2}, valeur: 2}]}}", ["activites.c.tarif.prix.table : x sous 1 : aucune ligne.", "activites.c.tarif.prix.table : x entre 1 et 2 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure.", "activites.c.tarif.prix.table : x = 2 est dans deux tranches."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{valeur: 1}]}}", ["activites.c.tarif.prix.table.lignes[1] : il manque « x » sur cette ligne."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: tous, valeur: {ici: 1}}]}}", ["activites.c.tarif.prix.table.lignes[1].valeur : une valeur est un nombre, une formule, ou l’une de : table, courbe, taux, cas, tranches, creneaux."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: tous, y: 2, valeur: 1}]}}", ["activites.c.tarif.prix.table.lignes[1].y : clé inconnue « y » ; clés possibles : x, valeur."]),
    (PRICE, "{table: {selon: inconnue, trous: refuser, lignes: []}}", ["activites.c.tarif.prix.table.selon : le fait « inconnue » : ce nom n’est pas déclaré ; déclarés : …"]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {de: a}, valeur: 1}]}}", ["activites.c.tarif.prix.table.lignes[1].x.de : un nombre est attendu, avec un point pour les décimales, par exemple 3.80."]),
    # adjustments
    (TARIFF, "arrondi: {au: 0, vers: plus_proche, apres: [total]}", ["activites.c.tarif.arrondi.au : le pas d’un arrondi est plus grand que zéro."]),
    (TARIFF, "arrondi: {au: -1, vers: plus_proche, apres: [total]}", ["activites.c.tarif.arrondi.au : le pas d’un arrondi est plus grand que zéro."]),
    (TARIFF, "arrondi: {au: 0.01, vers: haut, apres: [total]}", ["activites.c.tarif.arrondi.vers : « haut » n’est pas possible ici ; choisissez parmi : plus_proche, plus_proche_pair, superieur, inferieur."]),
    (TARIFF, "arrondi: {au: 0.01, vers: plus_proche, apres: []}", ["activites.c.tarif.arrondi.apres : au moins 1 élément(s) attendu(s)."]),
    (TARIFF, "arrondi: {au: 0.01, vers: plus_proche, apres: [jamais]}", ["activites.c.tarif.arrondi.apres[1] : « jamais » n’est pas possible ici ; choisissez parmi : prix, chaque_ajustement, ajustements, total."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: toujours, operation: ajouter, valeur: 1}]", ["activites.c.tarif.ajustements[1] : il manque « portee » : à quoi il s’applique (unite, presence, commande, unites_suivantes, facture)."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: toujours, valeur: 1, portee: unite}]", ["activites.c.tarif.ajustements[1] : il manque « operation » : choisissez parmi ajouter, multiplier, fixer, au_moins, au_plus, decaler_tranche, remplacer."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: toujours, operation: ajouter, valeur: 1, portee: mois}]", ["activites.c.tarif.ajustements[1].portee : « mois » n’est pas possible ici ; choisissez parmi : unite, presence, commande, unites_suivantes, facture."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: remplacer, faits: {y: 1}}]", ["activites.c.tarif.ajustements[1].faits.y : le fait « y » n’est pas déclaré."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: remplacer, faits: {x: un}}]", ["activites.c.tarif.ajustements[1].faits.x : un nombre est attendu, avec un point pour les décimales, par exemple 3.80."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: decaler_tranche, fait: x, de: 21}]", ["activites.c.tarif.ajustements[1].de : un nombre entier entre -20 et 20 est attendu."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: decaler_tranche, fait: x, de: -21}]", ["activites.c.tarif.ajustements[1].de : un nombre entier entre -20 et 20 est attendu."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: ajouter, valeur: 1, portee: unites_suivantes, suivantes: 0}]", ["activites.c.tarif.ajustements[1].suivantes : un nombre entier entre 1 et 60 est attendu."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: ajouter, valeur: 1, portee: unites_suivantes, suivantes: 61}]", ["activites.c.tarif.ajustements[1].suivantes : un nombre entier entre 1 et 60 est attendu."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: Un A, si: delai, operation: ajouter, valeur: 1, portee: unite}]", ["activites.c.tarif.ajustements[1].nom : « Un A » n’est pas un nom possible : lettres minuscules sans accent, chiffres et _."]),
    (TARIFF, "arrondi: CENTS, prime: 1", ["activites.c.tarif.prime : clé inconnue « prime » ; clés possibles : prix, arrondi, quantite, ajustements."]),
    (TARIFF, "arrondi: null", ["activites.c.tarif.arrondi : un ensemble de clés et de valeurs est attendu, par exemple {cle: valeur}."]),
    # limits
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: jours_avant, jours: 201, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.jours : un nombre entier entre 0 et 200 est attendu."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: jours_avant, jours: 0, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: oui, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.jours : un délai en jours francs compte au moins un jour."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: heures_avant, heures: 2001, heure_de_reference: '12:00', compte: {base: tous, sans_feries: non, sans_vacances: non}, limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.heures : un nombre entier entre 0 et 2000 est attendu."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 27, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.semaines_avant : un nombre entier entre 0 et 26 est attendu."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: mois, le: 32, mois_avant: 13, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.le : un nombre entier entre 1 et 31 est attendu.", "activites.c.delais[1].etapes[1].jusqu_a.mois_avant : un nombre entier entre 0 et 12 est attendu."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: mois, le: 0, mois_avant: 0, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.le : un nombre entier entre 1 et 31 est attendu."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: selon_le_jour, limite: incluse, entrees: [{pour: lundi, jour: lundi, semaines_avant: 0, heure: '10:00'}, {pour: [mardi, lundi], jour: lundi, semaines_avant: 1, heure: '10:00'}]}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.entrees : le lundi figure deux fois."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: dates, limite: incluse, dates: [{date: 2026-09-01, heure: '10:00'}]}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.dates[1] : indiquez « mois » ou « periode », l’un des deux."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: dates, limite: incluse, dates: [{mois: 2026-13, date: 2026-09-01, heure: '10:00'}]}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.dates[1].mois : un mois est attendu, par exemple 2026-09."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: dates, limite: incluse, dates: []}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.dates : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00', limite: incluse, si_ferme: jour_precedent}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a : « si_ferme » demande « jours_ouverts » : quels jours sont ouverts."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00', limite: incluse, sauf: []}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.sauf : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {la_plus_tot_de: [toujours, jamais], la_plus_tard_de: [toujours, jamais]}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.la_plus_tard_de : clé inconnue « la_plus_tard_de » à côté de « la_plus_tot_de »."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {jour: lundi}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a : il manque « forme » : choisissez parmi jours_avant, heures_avant, selon_le_jour, semaine, mois, avant_periode, dates, date_fixe ; ou toujours, jamais, la_plus_tot_de, la_plus_tard_de."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00', limite: avant}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.limite : « avant » n’est pas possible ici ; choisissez parmi : incluse, exclue, minute_incluse."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: date_fixe, date: demain, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.date : une date est attendue, par exemple 2026-09-01."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: Jeudi, semaines_avant: un, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.jour : « Jeudi » n’est pas possible ici ; choisissez parmi : lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche.", "activites.c.delais[1].etapes[1].jusqu_a.semaines_avant : un nombre entier entre 0 et 26 est attendu."]),
    # ladders
    (ACTIVITY, "delais: []", ["activites.c.delais : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: [{actions: [], canaux: tous, etapes: [], ensuite: refus}]", ["activites.c.delais[1].actions : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: [], etapes: [], ensuite: refus}]", ["activites.c.delais[1].canaux : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [], ensuite: {supplements: [a]}}]", ["activites.c.delais[1].ensuite : il manque « effet » : ce qui se passe (libre, supplement, sur_demande ou refus)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: toujours}], ensuite: refus}]", ["activites.c.delais[1].etapes[1] : il manque « effet » : ce qui se passe (libre, supplement, sur_demande ou refus)."]),
    (ACTIVITY, "delais: {versions: [{du: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}", ["activites.c.delais.versions[1] : il manque « nom » : le nom de la version."]),
    (ACTIVITY, "delais: {versions: [{nom: a, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}", ["activites.c.delais.versions[1] : il manque « du » : son premier jour."]),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01}]}", ["activites.c.delais.versions[1] : il manque « regle » : la règle elle-même."]),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-02, au: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}", ["activites.c.delais.versions[1] : la fin de cette version vient avant son début."]),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01, au: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}], autre: 1}", ["activites.c.delais : « versions » reste seule : les autres clés vont dans chaque version."]),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01, au: 2026-01-31, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}, {nom: b, du: 2026-01-31, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}", ["activites.c.delais : les versions a et b se chevauchent."]),
    # facts
    (FACTS, "x: entiers", ["faits.x : « entiers » n’est pas possible ici ; choisissez parmi : nombre, oui_non, date, heure, texte, entier."]),
    (FACTS, "x: {nom: X}", ["faits.x : il manque « type » (nombre, entier, oui_non, date, heure, texte) ou « valeurs » (une liste)."]),
    (FACTS, "x: [a, a]", ["faits.x : la valeur « a » est écrite deux fois."]),
    (FACTS, "x: []", ["faits.x : au moins 1 élément(s) attendu(s)."]),
    (FACTS, "x: {type: nombre, min: 3}", ["faits.x.min : clé inconnue « min » ; clés possibles : type, valeurs, nom, deduit, sinon."]),
    (FACTS, "x: {valeurs: [a, b], deduit: [{si: toujours, valeur: a}]}", ["faits.x : un fait déduit demande ses valeurs, « deduit » (des cas) et « sinon »."]),
    (FACTS, "x: {valeurs: [a, b], deduit: [{si: toujours, valeur: c}], sinon: a}", ["faits.x.deduit[1].valeur : « c » n’est pas possible ici ; choisissez parmi : a, b."]),
    (FACTS, "x: {valeurs: [a, b], deduit: [], sinon: a}", ["faits.x.deduit : au moins 1 élément(s) attendu(s)."]),
    (PRICE, "{cas: [{si: {y: 1}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.y : le fait « y » : ce nom n’est pas déclaré ; déclarés : …"]),
    (PRICE, "{cas: [{si: {x: {de: 1, mini: 2}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x.mini : clé inconnue « mini » ; clés possibles : de, plus_de, a, moins_de."]),
    (PRICE, "{cas: [{si: {lieu: {de: 1}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.lieu : « de », « plus_de », « a » et « moins_de » ne valent que pour un nombre, une date ou une heure."]),
    (PRICE, "{cas: [{si: {x: {de: 2, a: 1}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x : cet intervalle ne contient aucune valeur."]),
    (PRICE, "{cas: [{si: {x: {plus_de: 1, a: 1}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x : cet intervalle ne contient aucune valeur."]),
    (PRICE, "{cas: [{si: {x: {}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x : cet intervalle ne contient aucune valeur."]),
    (PRICE, "{cas: [{si: {x: {a: 1, moins_de: 2}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x.moins_de : deux bornes du même côté ; gardez « de » ou « plus_de », « a » ou « moins_de »."]),
    (PRICE, "{cas: [{si: {lieu: la}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.lieu : « la » n’est pas possible ici ; choisissez parmi : ici, ailleurs."]),
    (PRICE, "{cas: [{si: {x: un}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x : un nombre est attendu, avec un point pour les décimales, par exemple 3.80."]),
    (PRICE, "{cas: [{si: {d: hier}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.d : une date est attendue, par exemple 2026-09-01."]),
    (PRICE, "{cas: [{si: {h: 8h}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.h : une heure entre 00:00 et 24:00 est attendue, par exemple 08:30."]),
    (PRICE, "{cas: [{si: {x: {sauf: 1, de: 2}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.x.de : clé inconnue « de » ; clés possibles : sauf."]),
    (PRICE, "{cas: [{si: toujours_vrai, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si : une condition est « toujours », ou des faits et leur test : {toujours_vrai: oui}."]),
    (PRICE, "{cas: [{si: {ferie: peut_etre}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.ferie : « peut_etre » n’est pas possible ici ; choisissez parmi : oui, non."]),
    # named
    (RULEBOOK, "montants: {x: 3}", ["montants.x : le nom « x » est déjà pris (fait de base, ou déclaré ailleurs)."]),
    (RULEBOOK, "montants: {m: {valeur: 3}}", ["montants.m : il manque « arrondi » : l’arrondi (null : valeur exacte)."]),
    (RULEBOOK, "montants: {m: {valeur: 3, arrondi: {au: 1, vers: bas}}}", ["montants.m.arrondi.vers : « bas » n’est pas possible ici ; choisissez parmi : plus_proche, plus_proche_pair, superieur, inferieur."]),
    (RULEBOOK, "conditions: {k: {si: {x: 1}}}", ["conditions.k : il manque « sinon » : la phrase à dire quand c’est faux."]),
    (RULEBOOK, "conditions: {k: {sinon: Non.}}", ["conditions.k : il manque « si » : ce qui doit être vrai."]),
    (RULEBOOK, "dates: {e: {depuis: f}}", ["dates.e.depuis : la date « f » : ce nom n’est pas déclaré ; déclarés : …"]),
    (RULEBOOK, "dates: {e: {depuis: d, annees: 31}}", ["dates.e.annees : un nombre entier entre -30 et 30 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, annees: -31}}", ["dates.e.annees : un nombre entier entre -30 et 30 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, mois: 121}}", ["dates.e.mois : un nombre entier entre -120 et 120 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, mois: -121}}", ["dates.e.mois : un nombre entier entre -120 et 120 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, au_mois: 13}}", ["dates.e.au_mois : un nombre entier entre 1 et 12 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, au_mois: 0}}", ["dates.e.au_mois : un nombre entier entre 1 et 12 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, au_jour: 32}}", ["dates.e.au_jour : un nombre entier entre 1 et 31 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, au_jour: 0}}", ["dates.e.au_jour : un nombre entier entre 1 et 31 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, jours: 401}}", ["dates.e.jours : un nombre entier entre -400 et 400 est attendu."]),
    (RULEBOOK, "dates: {e: {depuis: d, jours: -401}}", ["dates.e.jours : un nombre entier entre -400 et 400 est attendu."]),
    (RULEBOOK, "montants: {M: 1}", ["montants.M : « M » n’est pas un nom possible : lettres minuscules sans accent, chiffres et _."]),
    # absences
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: moitie}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].du : « moitie » n’est pas possible ici ; choisissez parmi : tout, rien."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: {de: 0, a: 1, unite: jours_reserves}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].du.de : un nombre entier entre 1 et 400 est attendu."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: {de: 1, a: 401, unite: heures}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].du.a : un nombre entier entre 1 et 400 est attendu.", "activites.c.absences[1].du.unite : « heures » n’est pas possible ici ; choisissez parmi : jours_reserves, jours_calendaires."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: {de: 401, a: null, unite: jours_reserves}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].du.de : un nombre entier entre 1 et 400 est attendu."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, duree: {au_moins: 0, unite: jours_reserves}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].duree.au_moins : un nombre entier entre 1 et 200 est attendu."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, duree: {au_moins: 201, unite: heures}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].duree.au_moins : un nombre entier entre 1 et 200 est attendu.", "activites.c.absences[1].duree.unite : « heures » n’est pas possible ici ; choisissez parmi : jours_reserves, jours_calendaires, jours_comptes."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, duree: {au_moins: 2, unite: jours_comptes}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].duree : « compte » va avec l’unité jours_comptes, et elle seule."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, duree: {au_moins: 2, unite: jours_reserves, compte: {base: tous, sans_feries: non, sans_vacances: non}}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].duree : « compte » va avec l’unité jours_comptes, et elle seule."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, justificatif: {sous: 1001, unite: heures, depuis: premier_jour, heure: '00:00'}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].justificatif.sous : un nombre entier entre 0 et 1000 est attendu."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, justificatif: {sous: 2, unite: jours_reserves, depuis: hier, heure: '00:00'}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].justificatif.depuis : « hier » n’est pas possible ici ; choisissez parmi : premier_jour, dernier_jour, chaque_jour.", "activites.c.absences[1].justificatif.unite : « jours_reserves » n’est pas possible ici ; choisissez parmi : heures, jours_calendaires, jours_comptes."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, prevenu: {jusqu_a: toujours, repere: dernier_jour}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].prevenu.repere : « dernier_jour » n’est pas possible ici ; choisissez parmi : premier_jour, chaque_jour."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, remboursement: {forme: cadeau, mois_plus_tard: 13}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].remboursement.forme : « cadeau » n’est pas possible ici ; choisissez parmi : non_facture, deduction, avoir, virement.", "activites.c.absences[1].remboursement.mois_plus_tard : un nombre entier entre 0 et 12 est attendu."]),
    (ACTIVITY, "absences: [{si: toujours, du: rien}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1] : il manque « nom » : le nom de la règle."]),
    (ACTIVITY, "absences: []", ["activites.c.absences : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: tout, duree: {au_moins: 2, unite: jours_reserves}}]", ["activites.c.absences[1] : la dernière règle d’absence est « si: toujours », sans autre condition."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: tout, prevenu: {jusqu_a: toujours, repere: premier_jour}}]", ["activites.c.absences[1] : la dernière règle d’absence est « si: toujours », sans autre condition."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: tout, justificatif: {sous: 2, unite: heures, depuis: premier_jour, heure: '00:00'}}]", ["activites.c.absences[1] : la dernière règle d’absence est « si: toujours », sans autre condition."]),
    # access
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03, ferme: null}]}", ["activites.c.inscription.fenetres[1].ouvre : une date et une heure sont attendues, par exemple 2026-09-03 20:00."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20h, ferme: null}]}", ["activites.c.inscription.fenetres[1].ouvre : une heure entre 00:00 et 24:00 est attendue, par exemple 08:30."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-02-30 20:00, ferme: null}]}", ["activites.c.inscription.fenetres[1].ouvre : la date « 2026-02-30 » n’existe pas."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: 2026-09-03 20:00, limite: exclue}]}", ["activites.c.inscription.fenetres[1] : cette période d’inscription ferme avant d’ouvrir."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: 2026-09-04 20:00}]}", ["activites.c.inscription.fenetres[1] : « limite » dit si l’instant de « ferme » est à temps ; elle va avec lui."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: null, limite: exclue}]}", ["activites.c.inscription.fenetres[1] : « limite » dit si l’instant de « ferme » est à temps ; elle va avec lui."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: [], ouvre: 2026-09-03 20:00, ferme: null}]}", ["activites.c.inscription.fenetres[1].canaux : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: null, periode: noel}]}", ["activites.c.inscription.fenetres[1].periode : la période « noel » : ce nom n’est pas déclaré ; déclarés : aucun."]),
    (ACTIVITY, "inscription: {pieces: [{nom: p, age_maximum_mois: 0}]}", ["activites.c.inscription.pieces[1].age_maximum_mois : un nombre entier entre 1 et 120 est attendu."]),
    (ACTIVITY, "inscription: {pieces: [{nom: p, age_maximum_mois: 121}]}", ["activites.c.inscription.pieces[1].age_maximum_mois : un nombre entier entre 1 et 120 est attendu."]),
    (ACTIVITY, "inscription: {pieces: [{nom: p, ou: [{nom: q}]}]}", ["activites.c.inscription.pieces[1].ou[1] : il manque « si » : à quelle condition (ou toujours)."]),
    (ACTIVITY, "inscription: {choix: [{par: an, exige: toujours, sinon: Non.}]}", ["activites.c.inscription.choix[1].par : « an » n’est pas possible ici ; choisissez parmi : jour, semaine, mois, annee_scolaire, annee_civile, facture, commande, periode."]),
    (ACTIVITY, "inscription: {choix: [{par: jour, exige: toujours}]}", ["activites.c.inscription.choix[1] : il manque « sinon » : la phrase à dire sinon."]),
    (ACTIVITY, "inscription: {attribution: {criteres: [], egalite: hasard, classement: premier_rempli}}", ["activites.c.inscription.attribution.egalite : « hasard » n’est pas possible ici ; choisissez parmi : ordre_d_arrivee, aucun_ordre."]),
    (ACTIVITY, "inscription: {conditions: [k]}", ["activites.c.inscription.conditions[1] : la condition « k » : ce nom n’est pas déclaré ; déclarés : aucun."]),
    # bills
    (RULEBOOK, "facturation: {payeur: qui}", ["facturation.payeur : le fait « qui » : ce nom n’est pas déclaré ; déclarés : …"]),
    (RULEBOOK, "facturation: {minimum: {montant: 3}}", ["facturation.minimum : il manque « report » : le reste est-il reporté sur la facture suivante."]),
    (RULEBOOK, "facturation: {minimum: {report: oui}}", ["facturation.minimum : il manque « montant » : le montant sous lequel une facture attend."]),
    (RULEBOOK, "facturation: {moyens: [{moyen: cb, activites: [d], plafond: null}]}", ["facturation.moyens[1].activites[1] : l’activité « d » : ce nom n’est pas déclaré ; déclarés : c."]),
    (RULEBOOK, "facturation: {moyens: [{moyen: cb}]}", ["facturation.moyens[1] : il manque « activites » : les activités payables (null : toutes).", "facturation.moyens[1] : il manque « plafond » : le montant maximum (null : aucun)."]),
    (RULEBOOK, "facturation: {echeancier: {premier_mois: 0, dernier_mois: 13, le: 32, arrondi: {au: 1, vers: plus_proche}}}", ["facturation.echeancier.dernier_mois : un nombre entier entre 1 et 12 est attendu.", "facturation.echeancier.le : un nombre entier entre 1 et 31 est attendu.", "facturation.echeancier.premier_mois : un nombre entier entre 1 et 12 est attendu."]),
    (RULEBOOK, "facturation: {echeancier: {premier_mois: 13, dernier_mois: 0, le: 0, arrondi: {au: 1, vers: plus_proche}}}", ["facturation.echeancier.dernier_mois : un nombre entier entre 1 et 12 est attendu.", "facturation.echeancier.le : un nombre entier entre 1 et 31 est attendu.", "facturation.echeancier.premier_mois : un nombre entier entre 1 et 12 est attendu."]),
    (RULEBOOK, "facturation: {remise: 1}", ["facturation.remise : clé inconnue « remise » ; clés possibles : payeur, minimum, moyens, echeancier."]),
    (RULEBOOK, "cumuls: [{nom: a, periode: decade, par: classe, activites: [c], effet: annule, valeur: 1, arrondi: {au: 1, vers: plus_proche}}]", ["cumuls[1].effet : « annule » n’est pas possible ici ; choisissez parmi : plafond, plancher, remplace, ajoute, multiplie.", "cumuls[1].par : « classe » n’est pas possible ici ; choisissez parmi : enfant, famille, payeur.", "cumuls[1].periode : « decade » n’est pas possible ici ; choisissez parmi : jour, semaine, mois, annee_scolaire, annee_civile, facture, commande, periode."]),
    (RULEBOOK, "cumuls: [{nom: a, periode: mois, par: enfant, activites: [], effet: plafond, valeur: 1, arrondi: {au: 1, vers: plus_proche}}]", ["cumuls[1].activites : au moins 1 élément(s) attendu(s)."]),
    (RULEBOOK, "cumuls: [{}]", ["cumuls[1] : il manque « nom » : le nom de la règle.", "cumuls[1] : il manque « periode » : la période (jour, semaine, mois, annee_scolaire, annee_civile, periode, facture).", "cumuls[1] : il manque « par » : par enfant, par famille ou par payeur.", "cumuls[1] : il manque « activites » : les activités réunies.", "cumuls[1] : il manque « effet » : ce que la valeur fait au total (plafond, plancher, remplace, ajoute, multiplie).", "cumuls[1] : il manque « valeur » : la valeur ; « nombre » et « total » y sont ceux de la période.", "cumuls[1] : il manque « arrondi » : l’arrondi du total : au, vers."]),
    (RULEBOOK, "quotient: {inconnu: zero, pris_au: jadis, changement: demain, retroactif: peut_etre, validite: jamais, garde_alternee: les_deux, arrondi: {au: 0, vers: plus_proche}}", ["quotient.arrondi.au : le pas d’un arrondi est plus grand que zéro.", "quotient.changement : « demain » n’est pas possible ici ; choisissez parmi : immediat, mois_suivant, periode_suivante, annee_suivante.", "quotient.garde_alternee : « les_deux » n’est pas possible ici ; choisissez parmi : celui_du_parent, le_plus_bas, le_plus_haut, la_moyenne, non_prevu.", "quotient.inconnu : « zero » n’est pas possible ici ; choisissez parmi : ligne_inconnu, tranche_la_plus_haute, refuser.", "quotient.pris_au : « jadis » n’est pas possible ici ; choisissez parmi : jour_du_service, jour_de_reservation, debut_du_mois.", "quotient.retroactif : « peut_etre » n’est pas possible ici ; choisissez parmi : oui, non.", "quotient.validite : « jamais » n’est pas possible ici ; choisissez parmi : annee_civile, annee_scolaire, sans_fin."]),
    (RULEBOOK, "quotient: {inconnu: refuser, pris_au: jour_du_service, changement: mois_suivant, retroactif: oui, validite: sans_fin, garde_alternee: non_prevu, arrondi: null}", ["quotient.retroactif : un changement rétroactif est « immediat »."]),
    (RULEBOOK, "quotient: {}", ["quotient : il manque « inconnu » : le prix sans quotient.", "quotient : il manque « pris_au » : le jour dont le quotient compte.", "quotient : il manque « changement » : à partir de quand un nouveau quotient compte.", "quotient : il manque « retroactif » : vaut-il dès le premier jour du mois de réception.", "quotient : il manque « validite » : jusqu’à quand un quotient vaut.", "quotient : il manque « garde_alternee » : quel quotient quand les parents sont séparés.", "quotient : il manque « arrondi » : l’arrondi du quotient (null : aucun)."]),
    (ACTIVITY, "comptes: [{nom: y, parmi: presences, periode: jour, par: enfant, toutes_activites: non, jusqu_ici: non, si: toujours}]", ["activites.c.comptes[1].nom : le fait « y » : ce nom n’est pas déclaré ; déclarés : …"]),
    (ACTIVITY, "comptes: [{nom: x, parmi: repas, periode: an, par: classe, toutes_activites: 0, jusqu_ici: 1, si: toujours}]", ["activites.c.comptes[1].jusqu_ici : « 1 » n’est pas possible ici ; choisissez parmi : oui, non.", "activites.c.comptes[1].par : « classe » n’est pas possible ici ; choisissez parmi : enfant, famille.", "activites.c.comptes[1].parmi : « repas » n’est pas possible ici ; choisissez parmi : presences, enfants, jours, jours_d_ouverture, absences.", "activites.c.comptes[1].periode : « an » n’est pas possible ici ; choisissez parmi : jour, semaine, mois, annee_scolaire, annee_civile, facture, commande, periode.", "activites.c.comptes[1].toutes_activites : « 0 » n’est pas possible ici ; choisissez parmi : oui, non."]),
    (ACTIVITY, "comptes: [{nom: x}]", ["activites.c.comptes[1] : il manque « parmi » : ce qui est compté (presences, enfants, jours, jours_d_ouverture, absences).", "activites.c.comptes[1] : il manque « periode » : la période (jour, semaine, mois, annee_scolaire, annee_civile, periode, facture, commande).", "activites.c.comptes[1] : il manque « par » : par enfant ou par famille.", "activites.c.comptes[1] : il manque « toutes_activites » : compter aussi les autres activités.", "activites.c.comptes[1] : il manque « jusqu_ici » : compter seulement jusqu’à cette présence (son rang).", "activites.c.comptes[1] : il manque « si » : ce qui compte (ou toujours)."]),
    # openings
    (ACTIVITY, "ouverture: {jours: [], ecole: oui, vacances: non, feries: non}", ["activites.c.ouverture.jours : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "ouverture: {jours: [lundi], ecole: oui, vacances: non}", ["activites.c.ouverture : il manque « feries » : ouverte les jours fériés (oui ou non)."]),
    (ACTIVITY, "ouverture: {jours: [lundi], ecole: oui, vacances: non, feries: non, periodes: [noel]}", ["activites.c.ouverture.periodes[1] : la période « noel » : ce nom n’est pas déclaré ; déclarés : aucun."]),
    (ACTIVITY, "ouverture: {jours: [lundi], ecole: oui, vacances: non, feries: non, fermetures: [noel]}", ["activites.c.ouverture.fermetures[1] : une date est attendue, par exemple 2026-09-01."]),
    (ACTIVITY, "ouverture: {jours: [lundi], ecole: oui, vacances: non, feries: non, ouvertures: 2026-01-01}", ["activites.c.ouverture.ouvertures : une liste est attendue : [2026-01-01], ou une ligne par élément, précédée d’un tiret."]),
    (ACTIVITY, "ouverture: {jours: [lundy], ecole: vrai, vacances: non, feries: non}", ["activites.c.ouverture.ecole : « vrai » n’est pas possible ici ; choisissez parmi : oui, non.", "activites.c.ouverture.jours[1] : « lundy » n’est pas possible ici ; choisissez parmi : lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {sauf: 3}, valeur: 1}, {x: 4, valeur: 2}]}}", ["activites.c.tarif.prix.table : x = 3 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure.", "activites.c.tarif.prix.table : deux tranches de x se chevauchent (plus de 3 ; 4).", "avertissement, activites.c.tarif.prix.table : x au-delà de 4 : aucune ligne."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {sauf: [3, 5]}, valeur: 1}, {x: 3, valeur: 2}]}}", ["activites.c.tarif.prix.table : x = 5 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {sauf: {de: 3, moins_de: 5}}, valeur: 1}, {x: {de: 3, a: 5}, valeur: 2}]}}", ["activites.c.tarif.prix.table : x = 5 est dans deux tranches."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {sauf: {a: 5}}, valeur: 1}, {x: {moins_de: 5}, valeur: 2}]}}", ["activites.c.tarif.prix.table : x = 5 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure."]),
    (PRICE, "{table: {selon: x, trous: refuser, lignes: [{x: {sauf: {de: 5}}, valeur: 1}, {x: {plus_de: 5}, valeur: 2}]}}", ["activites.c.tarif.prix.table : x = 5 n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par tranche_superieure ou tranche_inferieure."]),
    (PRICE, "{table: {selon: [lieu, jour_d_ecole], lignes: [{lieu: ici, jour_d_ecole: oui, valeur: 1}, {lieu: ici, jour_d_ecole: non, valeur: 1}, {lieu: ailleurs, jour_d_ecole: oui, valeur: 2}]}}", ["activites.c.tarif.prix.table : aucune ligne pour lieu = ailleurs et jour_d_ecole = non."]),
    (PRICE, "{table: {selon: jour_d_ecole, colonnes: lieu, lignes: [{jour_d_ecole: tous, valeur: {ici: trois mots, ailleurs: null}}]}}", ["activites.c.tarif.prix.table.lignes[1].valeur.ici : la formule « trois mots » ne se lit pas ; exemple : revenus / 12 / parts."]),
    (PRICE, "{taux: 2, sur: x, constante: 0, plancher: 3, plafond: 2}", ["activites.c.tarif.prix.plancher : le plancher est plus haut que le plafond."]),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: delai, operation: ajouter, valeur: 1, portee: unite}, {nom: a, si: delai, operation: ajouter, valeur: 1, portee: unite}]", ["activites.c.tarif.ajustements : deux ajustements s’appellent « a »."]),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: rien, justificatif: {sous: 2, unite: heures, depuis: premier_jour}}, {nom: dû, si: toujours, du: tout}]", ["activites.c.absences[1].justificatif : « heure » dit d’où courent les heures."]),
    (PRICE, "{cas: [], sinon: 1, autre: 2}", ["activites.c.tarif.prix.autre : clé inconnue « autre » ; clés possibles : cas, sinon.", "activites.c.tarif.prix.cas : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "inscription: {attribution: {criteres: [], points: x, egalite: aucun_ordre, classement: premier_rempli}}", ["activites.c.inscription.attribution : « points » va avec le classement points, « criteres » avec les autres."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: selon_le_jour, limite: incluse, entrees: [{pour: [jeudi, mardi], jour: mercredi, semaines_avant: 0, heure: '10:00'}]}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.entrees[1] : une limite le mercredi de la même semaine viendrait après le service du mardi."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: '10:00', limite: incluse, jours_ouverts: {base: tous, sans_feries: oui, sans_vacances: non}}, effet: libre}], ensuite: refus}]", ["activites.c.delais[1].etapes[1].jusqu_a.jours_ouverts : « jours_ouverts » va avec « si_ferme » : que devient la limite un jour fermé ?"]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: dates, limite: incluse, dates: [{mois: 2026-09, date: 2026-09-28, heure: '10:00'}, {mois: 2026-10, date: 2026-10-29, heure: '10:00'}]}, effet: libre}], ensuite: refus}]", ["avertissement, activites.c.delais[1].etapes[1].jusqu_a.dates[2] : cette date limite vient pendant ou après le mois concerné."]),
    (RULEBOOK, "dates: {e: {depuis: x}}", ["dates.e.depuis : le fait « x » n’est pas une date."]),
    (RULEBOOK, "dates: {e: {depuis: d, jours: 2, compte: {base: ouverture, sans_feries: oui, sans_vacances: non}}}", ["dates.e.compte : « ouverture » compte les jours d’une activité ; une règle nommée n’en a pas : comptez les jours d’ecole, de mairie…"]),
    (RULEBOOK, "montants: [1]", ["montants : un ensemble de clés et de valeurs est attendu, par exemple {cle: valeur}."]),
    (ACTIVITY, "delais: {versions: []}", ["activites.c.delais.versions : au moins 1 élément(s) attendu(s)."]),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}], titre: x}]}", ["activites.c.delais.versions[1].titre : clé inconnue « titre » ; clés possibles : nom, du, au, regle."]),
    (PRICE, "{cas: [{si: {ou: {}}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.ou : cette condition est vide : écrivez « toujours », ou un fait et son test."]),
    (PRICE, "{cas: [{si: {et: []}, valeur: 1}], sinon: 2}", ["activites.c.tarif.prix.cas[1].si.et : cette liste de conditions est vide."]),
    (RULEBOOK, "cumuls: [{nom: a, periode: mois, par: payeur, activites: [c], effet: plafond, valeur: 1, arrondi: {au: 1, vers: plus_proche}}]", ["cumuls[1].par : « payeur » demande « facturation: {payeur: … } »."]),
    # warned
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01, au: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}, {nom: b, du: 2026-01-03, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}", ["avertissement, activites.c.delais : aucune version entre a et b."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: [portail, guichet], etapes: [], ensuite: refus}]", ["avertissement, activites.c : « reserver » n’est écrit que pour guichet, portail : par un autre canal, le règlement ne répond pas (« canaux: tous » le ferait)."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [], ensuite: {effet: supplement, supplements: [tardif]}}]", ["avertissement, activites.c.delais[1].ensuite.supplements[1] : l’ajustement « tardif » n’est pas chiffré : l’activité n’a pas de tarif."]),
    (PRICE, "{table: {selon: quotient, trous: refuser, lignes: [{quotient: {a: 5}, valeur: 1}]}}", ["avertissement, activites.c.tarif.prix.table : quotient au-delà de 5 : aucune ligne.", "avertissement, activites.c.tarif.prix.table : quotient inconnu : ni ligne « inconnu », ni partie « quotient »."]),
    (PRICE, "{table: {selon: [quotient, lieu], trous: tranche_inferieure, lignes: [{quotient: {a: 5}, lieu: ici, valeur: 1}, {quotient: {de: 6}, lieu: ici, valeur: 1}, {quotient: tous, lieu: ailleurs, valeur: 1}]}}", ["avertissement, activites.c.tarif.prix.table : quotient entre 5 et 6 pour lieu = ici : laissé ouvert, la tranche_inferieure s’applique.", "avertissement, activites.c.tarif.prix.table : quotient inconnu pour lieu = ici : ni ligne « inconnu », ni partie « quotient »."]),
    (PRICE, "{table: {selon: quotient, trous: tranche_superieure, lignes: [{quotient: {moins_de: 5}, valeur: 1}, {quotient: {plus_de: 5}, valeur: 1}, {quotient: inconnu, valeur: 3}]}}", ["avertissement, activites.c.tarif.prix.table : quotient = 5 : laissé ouvert, la tranche_superieure s’applique."]),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: dates, limite: incluse, dates: [{mois: 2026-09, date: 2026-09-01, heure: '10:00'}, {mois: 2026-10, date: 2026-09-30, heure: '10:00', jour_annonce: mercredi}, {mois: 2026-11, date: 2026-10-31, heure: '10:00', jour_annonce: mercredi}]}, effet: libre}], ensuite: refus}]", ["avertissement, activites.c.delais[1].etapes[1].jusqu_a.dates[3] : le texte annonce un mercredi, mais le 2026-10-31 est un samedi : date à vérifier auprès de la commune."]),
]  # fmt: skip


def told(template, fragment):
    """The faults without their line, nor the list of the declared names; facts that nothing reads left out."""
    _, faults = read((template % fragment).replace("CENTS", CENTS))
    said = [str(fault).replace(NBSP, " ") for fault in faults]
    plain = [re.sub(r"ligne [0-9]+, ", "", one) for one in said if "n’est lu par aucune règle" not in one]
    return [re.sub(r" ; déclarés : date, .*$", " ; déclarés : …", one) for one in plain]


@pytest.mark.parametrize(("template", "fragment", "expected"), TOLD)
def test_a_slip_is_told_at_its_place(template, fragment, expected):
    assert told(template, fragment) == expected


ACCEPTED = [
    (RULEBOOK, "quotient: {inconnu: refuser, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: {au: 1, vers: inferieur}}\nmontants: {m: {table: {selon: quotient, trous: refuser, lignes: [{quotient: {a: 622.4}, valeur: 1}, {quotient: {plus_de: 622.4, a: 700}, valeur: 2}, {quotient: {de: 700.5}, valeur: 3}]}}}"),
    (PRICE, "{cas: [{si: {etat: [present, absent, non_reserve]}, valeur: 1}], sinon: 2}"),
    (PRICE, "{cas: [{si: {date: 2026-01-01, jour: lundi, mois: 1, jour_du_mois: 1, annee: 2026, ferie: oui, vacances: non, jour_d_ecole: oui}, valeur: 1}], sinon: 2}"),
    (PRICE, "{cas: [{si: {retour_de_vacances: oui, veille_de_vacances: non, semaine_paire: oui, ferie_dans_la_semaine: non, jours_d_avance: 1}, valeur: 1}], sinon: 2}"),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: toujours, operation: decaler_tranche, fait: x, de: 20}, {nom: b, si: toujours, operation: decaler_tranche, fait: x, de: -20}]"),
    (TARIFF, "arrondi: CENTS, ajustements: [{nom: a, si: toujours, operation: ajouter, valeur: 1, portee: unites_suivantes, suivantes: 1}, {nom: b, si: toujours, operation: ajouter, valeur: 1, portee: unites_suivantes, suivantes: 60}]"),
    (TARIFF, "arrondi: {au: 0.00000001, vers: plus_proche, apres: [total]}"),
    (PRICE, "{tranches: {minutes: x, de: 1, compte: commencees, tolerance: 0}}"),
    (PRICE, "{tranches: {minutes: x, de: 1440, compte: completes, tolerance: 240}}"),
    (PRICE, "{courbe: {sur: x, points: [[0, 1], [0.01, 2]], au_dela: plat}}"),
    (PRICE, "{creneaux: {arrivee: h, depart: h, liste: [{de: '08:00', a: '08:01', valeur: 1}]}}"),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: jours_avant, jours: 200, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: oui, heure: '10:00', limite: incluse}, effet: libre}, {jusqu_a: {forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: oui, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]"),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: heures_avant, heures: 2000, heure_de_reference: '12:00', compte: {base: tous, sans_feries: non, sans_vacances: non}, limite: incluse}, effet: libre}, {jusqu_a: {forme: heures_avant, heures: 0, heure_de_reference: '24:00', compte: {base: tous, sans_feries: non, sans_vacances: non}, limite: incluse}, effet: libre}], ensuite: refus}]"),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: mois, le: 31, mois_avant: 12, heure: '10:00', limite: incluse}, effet: libre}, {jusqu_a: {forme: semaine, jour: dimanche, semaines_avant: 26, heure: '00:00', limite: incluse}, effet: libre}, {jusqu_a: {forme: mois, le: 1, mois_avant: 0, heure: '10:00', limite: incluse}, effet: libre}], ensuite: refus}]"),
    (ACTIVITY, "delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: selon_le_jour, limite: incluse, entrees: [{pour: lundi, jour: lundi, semaines_avant: 0, heure: '10:00'}, {pour: [mardi, mercredi], jour: mardi, semaines_avant: 0, heure: '10:00'}, {pour: jeudi, jour: dimanche, semaines_avant: 1, heure: '10:00'}]}, effet: libre}], ensuite: refus}]"),
    (ACTIVITY, "absences: [{nom: a, si: toujours, du: {de: 400, a: 400, unite: jours_reserves}}, {nom: b, si: toujours, du: {de: 1, a: 1, unite: jours_calendaires}, duree: {au_moins: 200, unite: jours_reserves}}, {nom: c, si: toujours, du: rien, duree: {au_moins: 1, unite: jours_reserves}, justificatif: {sous: 1000, unite: heures, depuis: dernier_jour, heure: '24:00'}, remboursement: {forme: virement, mois_plus_tard: 12}}, {nom: d, si: toujours, du: rien, justificatif: {sous: 0, unite: heures, depuis: dernier_jour, heure: '24:00'}, remboursement: {forme: non_facture, mois_plus_tard: 0}}, {nom: dû, si: toujours, du: tout}]"),
    (ACTIVITY, "inscription: {pieces: [{nom: p, age_maximum_mois: 1}, {nom: q, age_maximum_mois: 120}]}"),
    (ACTIVITY, "inscription: {fenetres: [{canaux: tous, ouvre: 2026-09-03 20:00, ferme: 2026-09-03 20:01, limite: exclue}]}"),
    (RULEBOOK, "dates: {e: {depuis: d, annees: 30, mois: 120, au_mois: 12, au_jour: 31, jours: 400}, f: {depuis: d, annees: -30, mois: -120, au_mois: 1, au_jour: 1, jours: -400}}"),
    (RULEBOOK, "facturation: {echeancier: {premier_mois: 1, dernier_mois: 12, le: 31, arrondi: {au: 1, vers: plus_proche}}}"),
    (RULEBOOK, "facturation: {echeancier: {premier_mois: 12, dernier_mois: 1, le: 1, arrondi: {au: 1, vers: plus_proche}}}"),
    (ACTIVITY, "delais: {versions: [{nom: a, du: 2026-01-01, au: 2026-01-01, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}, {nom: b, du: 2026-01-02, regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]}]}"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "fragment"), ACCEPTED)
def test_what_stands_on_a_bound_is_accepted(template, fragment):
    book, _ = read((template % fragment).replace("CENTS", CENTS))
    assert book is not None
    assert told(template, fragment) == []


def test_a_formula_and_a_table_have_a_size():
    long = f"{PLACE} : cette formule est trop longue."
    assert told(PRICE, " + ".join(["x"] * 101)) == [long]
    assert told(PRICE, " + ".join(["x"] * 100)) == []
    choices = ", ".join(f"v{number}" for number in range(71))
    rulebook = PRICE.replace("lieu: [ici, ailleurs]", f"lieu: [{choices}], autre: [{choices}]")
    many = "{table: {selon: [lieu, autre], lignes: [{lieu: tous, autre: tous, valeur: 1}]}}"
    assert told(rulebook, many) == [f"{PLACE}.table : cette table croise trop de valeurs."]


PLACE = "activites.c.tarif.prix"
