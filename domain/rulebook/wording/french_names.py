"""Names of the file, written without accents, as French: « part_de_la_famille », the article of a noun.

A noun whose gender is not listed is put in quotation marks rather than guessed.
"""

import re
from unicodedata import combining, normalize

from domain.french import quoted

_WITH_ACCENTS = """
    abonné abonnée abonnés activité activités adhérent adhérente adhérents adhésion annulé annulée année
    années anticipé août appliqué après aîné aînée bloqué bénéficiaire catégorie catégories chèque chèques
    cinquième collège collégien commencée commencées communauté complète complément complémentaire congé
    congés contrôle conventionné conventionnée coût coûts crèche création crédit dernière deuxième
    difficulté difficultés différence domicilié domiciliée durée débit décalé décalée décembre décès
    dédié dédommagement déduction défaut définitif dégressif dégressivité déjà délai délais départ départs
    dépassement dépassements déplacement déposé dépôt dérogation désistement détail déterminé enquête
    entrée espèces excusé excusée exonéré extérieur extérieure extérieures extérieurs facturées fermé
    frère frères fréquence fréquentation férié fériés février goûter goûters grève général handicapé
    handicapée handicapées hébergement hôpital identité impayé impayés indemnité inférieur intérieur
    intérêt isolé isolée journée journées justifié justifiée libéré lycée lycéen majoré majorée maternité
    matinée modalité mère médical médicale ménage méridienne même noël numéro nécessaire parenté payé
    payée pièce pièces première privé procédure protégé près préavis précoce précédent préférence
    préinscrit prélevé prélèvement prénom prépayé prépayée préscolaire présence présences présent présente
    présents prévisible prévisibles prévu prévue pâques père pénalisé pénalité pénalités période périodes
    périscolaire périscolaires qualité quantité quatrième remboursé remboursée remboursés représentant
    représentants retiré reçu reçue règle règlement réduction réduit réduite réel référence régime
    régularité régulier régulière réinscription répondeur répété répétée réservation réservations réserver
    réservé réservée réside résidence résident résidente résidents réunion santé scolarisé scolarisée
    scolarisés scolarité signalé soirée spécial spécifique supplément suppléments supérieur séance séances
    sécurité séjour séjours séparé séparés tolérance troisième très téléphone télétravail unité unités
    véhicule vélo vérifié âge âges âgé âgée écart échéance échéances école écoles économie éducation
    éligible éloigné éloignée élève élèves élémentaire époux équipe établissement étape étapes état états
    étude études été éveil évènement événement
    alternée allergène bébé bénévole célibataire chômage chômeur décaler dîner déjeuner décédé dédommagé
    délégué dématérialisé démarche département dépassé désigné diplômé divorcé employé étudiant étudiante
    évènements extérieurs facturée facturé générale gratuité hébergé immédiat immédiate inférieure
    intéressé intermédiaire métier métropole nécessité numérique pédagogique périmètre précarité
    prévenance priorité rattrapé référent régional régulièrement remplacé rémunération répartition
    réservés réservées résiliation résultat résultats rétroactif révision salarié salariée séparation
    solidarité spécialité supérieure système totalité trésor végétarien végétarienne zéro
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
            text += ("à" if part == "a" and (index or _is_verb(parts[1:])) else part) + " "
    return text.strip()


def _is_verb(words: list[str]) -> bool:
    """Whether « à » fits before the words: « à payer », but « a mangé »."""
    return bool(words) and words[0].endswith(("er", "ir", "re"))


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
