"""Names of the file, written without accents, as French: « part_de_la_famille », the article of a noun.

A noun whose gender is not listed is put in quotation marks rather than guessed.
"""

import re
from unicodedata import combining, normalize

from domain.french import quoted

_WITH_ACCENTS = """
    abonné abonnée abonnés activité activités adhérent adhérente adhérents adhésion allergène alternée
    annulé annulée année années anticipé août appliqué après aîné aînée bloqué bébé bénéficiaire bénévole
    catégorie catégories chèque chèques chômage chômeur cinquième collège collégien commencée commencées
    communauté complète complément complémentaire congé congés contrôle conventionné conventionnée coût
    coûts crèche création crédit célibataire dernière deuxième difficulté difficultés différence diplômé
    divorcé domicilié domiciliée durée débit décaler décalé décalée décembre décès décédé dédié
    dédommagement dédommagé déduction défaut définitif dégressif dégressivité déjeuner déjà délai délais
    délégué démarche dématérialisé départ département départs dépassement dépassements dépassé déplacement
    déposé dépôt dérogation désigné désistement détail déterminé dîner employé enquête entrée espèces
    excusé excusée exonéré extérieur extérieure extérieures extérieurs facturé facturée facturées fermé
    frère frères fréquence fréquentation férié fériés février goûter goûters gratuité grève général
    générale handicapé handicapée handicapées hébergement hébergé hôpital identité immédiat immédiate
    impayé impayés indemnité inférieur inférieure intermédiaire intéressé intérieur intérêt isolé isolée
    journée journées justifié justifiée libéré lycée lycéen majoré majorée maternité matinée modalité
    moitié mère médical médicale ménage méridienne métier métropole même noël numérique numéro nécessaire
    nécessité négatif parenté payé payée pièce pièces première priorité privé procédure protégé près
    préavis précarité précoce précédent préférence préinscrit prélevé prélèvement prénom prépayé prépayée
    préscolaire présence présences présent présente présents prévenance prévisible prévisibles prévu
    prévue prévus pâques père pédagogique pénalisé pénalité pénalités périmètre période périodes
    périscolaire périscolaires qualité quantité quatrième rattrapé remboursé remboursée remboursés
    remplacé rentrée représentant représentants retiré reçu reçue règle règlement réduction réduit réduite
    réel référence référent régime régional régularité régulier régulière régulièrement réinscription
    rémunération répartition répondeur répété répétée réservation réservations réserver réservé réservée
    réservées réservés réside résidence résident résidente résidents résiliation résultat résultats
    rétroactif réunion révision salarié salariée santé scolarisé scolarisée scolarisés scolarité signalé
    soirée solidarité spécial spécialité spécifique supplément suppléments supérieur supérieure système
    séance séances sécurité séjour séjours séparation séparé séparés tolérance totalité troisième très
    trésor téléphone télétravail unité unités végétarien végétarienne véhicule vélo vérifié zéro âge âges
    âgé âgée écart échéance échéances école écoles économie éducation éligible éloigné éloignée élève
    élèves élémentaire époux équipe établissement étape étapes état états étude études étudiant étudiante
    été éveil évènement évènements événement
"""
_ACRONYMS = """
    AEEH ALSH ANCV ATSEM CAF CCAS CESU MDPH MSA PAI QF RFR RPI TPE ULIS USEP
"""
_MASCULINE = """
    RFR RPI accueil adhérent agent aide-repas ajustement aménagement appel arrêt avoir besoin bulletin
    calcul canal carnet cas certificat choix code complément compte contrat convive coût créneau dernier
    document dossier début délai départ dépôt effectif enfant forfait foyer goûter handicap impayé
    justificatif lieu loyer mandat mercredi midi mode mois moment montant motif moyen niveau nombre numéro
    parcours parent plafond plancher plein point premier prix préavis quotient rang rattachement repas
    représentant reste retard revenu reçu régime salaire secteur service seuil soir solde statut
    supplément surcoût séjour tarif taux temps ticket titre total trajet transport trimestre type usager
    versement véhicule âge écart établissement étage
"""
_FEMININE = """
    absence activité adhésion adresse aide allocation amende annulation année arrivée assurance
    attestation avance base caisse cantine carte catégorie cause classe commande commune composition
    contribution cotisation date demande demi-heure demi-journée différence distance durée décision
    déduction entrée facture famille fin formule fréquence fréquentation garde garderie heure heures
    indemnité inscription journée licence limite majoration matinée minute modification moyenne mère
    naissance nuit part participation pièce place prestation provenance présence pénalité période quantité
    quotité raison remise restauration réduction référence réponse réservation résidence semaine situation
    soirée somme sortie séance tranche unité valeur ville zone échéance école économie étude
"""
_SAME_IN_PLURAL = """
    cas choix mois parcours prix repas taux temps
"""
_VOWELS = "aeiouyàâéèêëîïôùûœAEIOUÉ"
_MUTE_H = ("heure", "habit", "horaire", "hébergement", "hôpital")
# « relance le » is a date: « relancé le ».
_PARTICIPLE = re.compile(r"[a-zéèç]+[^aeiouéè]e")
_ELIDED = ("d", "l", "n", "s", "c", "j", "qu")


def without_accents(word: str) -> str:
    return "".join(letter for letter in normalize("NFD", word) if not combining(letter))


_GENDERS = dict.fromkeys(_MASCULINE.split(), "le") | dict.fromkeys(_FEMININE.split(), "la")
_SPELLED = {without_accents(word): word for word in (*_WITH_ACCENTS.split(), *_GENDERS)}
_SPELLED |= {word.lower(): word for word in _ACRONYMS.split()}
_SPELLED |= {"soeur": "sœur", "soeurs": "sœurs"}
_ALWAYS_PLURAL = ("arrhes", "espèces", "frais")


def readable(name: str) -> str:
    """« demi_journee » → « demi-journée », « absent_de_l_ecole » → « absent de l’école »."""
    parts = [_SPELLED.get(part, part) for part in name.split("_") if part]
    if len(parts) > 1 and parts[-1] == "le" and _PARTICIPLE.fullmatch(parts[-2]):
        parts[-2] = f"{parts[-2][:-1]}é"
    text = ""
    for index, part in enumerate(parts):
        if part in _ELIDED and index + 1 < len(parts):
            text += f"{part}’"
        elif part == "demi" and index + 1 < len(parts) and parts[index + 1][:4] in ("heur", "jour"):
            text += "demi-"
        else:
            text += ("à" if part == "a" and (index or _takes_a(parts[1:])) else part) + " "
    return text.strip()


def _takes_a(words: list[str]) -> bool:
    """Whether « à » fits before the words: « à payer », « à jour », but « a mangé »."""
    return bool(words) and (words[0] in ("jour", "temps", "charge") or words[0].endswith(("er", "ir", "re")))


def with_article(noun: str) -> str:
    """« la résidence », « le quotient familial », « l’âge », « les repas pris »; « noun » when unsure."""
    head, *rest = noun.split() or [""]
    if rest and rest[-1] in ("le", "la", "les", "au", "du", "à", "de"):
        return quoted(noun)
    if is_many(noun):
        return f"les {noun}"
    if head not in _GENDERS:
        return quoted(noun)
    return f"l’{noun}" if elides(noun) else f"{_GENDERS[head]} {noun}"


def is_many(noun: str) -> bool:
    """Whether a known noun is plural: « enfants inscrits », « repas pris », but « prix du repas » is not."""
    words = noun.split()
    if not words:
        return False
    head = words[0]
    if head in _SAME_IN_PLURAL.split():
        return head == "repas" and len(words) > 1 and words[1].endswith("s")
    return head in _ALWAYS_PLURAL or (head.endswith(("s", "x")) and head[:-1] in _GENDERS)


def elides(word: str) -> bool:
    return word[:1] in _VOWELS or word.startswith(_MUTE_H)


def of(noun: str) -> str:
    """« du quotient », « de la résidence », « de l’âge », « des repas », « de « x » »."""
    if noun.startswith("le "):
        return f"du {noun[3:]}"
    if noun.startswith("les "):
        return f"des {noun[4:]}"
    return f"d’{noun}" if elides(noun) else f"de {noun}"


def to(noun: str) -> str:
    """« au quotient », « à la résidence », « à l’âge », « aux repas », « à « x » »."""
    if noun.startswith("le "):
        return f"au {noun[3:]}"
    if noun.startswith("les "):
        return f"aux {noun[4:]}"
    return f"à {noun}"
