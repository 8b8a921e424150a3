"""The French word of every value of the closed lists (S120). A test fails when a value has none."""

from collections.abc import Mapping
from enum import StrEnum

from domain import enums

# By class first: values of two lists may be the same text, and members of a StrEnum are equal to their text.
LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    enums.AccountStatus: {
        enums.AccountStatus.CLOSED: "Accès non ouvert",
        enums.AccountStatus.INVITED: "Mail d’activation envoyé",
        enums.AccountStatus.ACTIVE: "Accès ouvert",
        enums.AccountStatus.SUSPENDED: "Accès suspendu",
    },
    enums.AccountKind: {
        enums.AccountKind.FAMILY: "Famille",
        enums.AccountKind.STAFF: "Agent",
    },
    enums.StaffRole: {
        enums.StaffRole.RECEPTION: "Accueil",
        enums.StaffRole.DIRECTOR: "Direction de structure",
        enums.StaffRole.ADMINISTRATOR: "Administration",
    },
    enums.SessionKind: {
        enums.SessionKind.FULL: "Session complète",
        enums.SessionKind.RESTRICTED: "Choix d’un nouveau mot de passe",
    },
    enums.Channel: {
        enums.Channel.PORTAL: "sur le portail",
        enums.Channel.PHONE: "par téléphone",
        enums.Channel.COUNTER: "au guichet",
        enums.Channel.MAIL: "par mail",
        enums.Channel.PAPER: "par courrier",
        enums.Channel.SYSTEM: "automatiquement",
    },
    enums.FacilityKind: {
        enums.FacilityKind.SCHOOL: "École",
        enums.FacilityKind.LEISURE_CENTRE: "Accueil de loisirs",
    },
    enums.ValidationMode: {
        enums.ValidationMode.AUTOMATIC: "Validation automatique",
        enums.ValidationMode.MANUAL: "Validation par la structure",
    },
    enums.ActivityKind: {
        enums.ActivityKind.MORNING: "Accueil du matin",
        enums.ActivityKind.MEAL: "Repas",
        enums.ActivityKind.EVENING: "Accueil du soir",
        enums.ActivityKind.DAY: "Journée",
    },
    enums.BookingState: {
        enums.BookingState.PENDING: "En cours de validation",
        enums.BookingState.ACCEPTED: "Acceptée",
        enums.BookingState.WAITING: "En liste d’attente",
        enums.BookingState.REFUSED: "Refusée",
        enums.BookingState.CANCELLED: "Annulée",
        enums.BookingState.REQUESTED: "Vœu, en attente d’attribution",
        enums.BookingState.OFFERED: "Place proposée",
    },
    enums.PlacesMode: {
        enums.PlacesMode.FIRST_COME: "Premier arrivé, premier servi",
        enums.PlacesMode.ALLOTMENT: "Vœux, puis attribution selon les critères",
    },
    enums.WeekParity: {
        enums.WeekParity.ALL: "Toutes les semaines",
        enums.WeekParity.EVEN: "Semaines paires",
        enums.WeekParity.ODD: "Semaines impaires",
    },
    enums.EnrolmentState: {
        enums.EnrolmentState.PENDING: "En cours de validation",
        enums.EnrolmentState.ACCEPTED: "Acceptée",
        enums.EnrolmentState.REFUSED: "Refusée",
        enums.EnrolmentState.WITHDRAWN: "Retirée",
    },
    enums.SwapState: {
        enums.SwapState.PENDING: "En attente de réponse",
        enums.SwapState.ACCEPTED: "Accepté",
        enums.SwapState.REFUSED: "Refusé",
        enums.SwapState.WITHDRAWN: "Retiré",
    },
    enums.LineAction: {
        enums.LineAction.BOOK: "Inscription",
        enums.LineAction.CANCEL: "Annulation",
    },
    enums.LineState: {
        enums.LineState.ACCEPTED: "Acceptée",
        enums.LineState.PENDING: "En cours de validation",
        enums.LineState.WAITING: "En liste d’attente",
        enums.LineState.REFUSED: "Refusée",
        enums.LineState.WITHDRAWN: "Retirée",
    },
    enums.Outcome: {
        enums.Outcome.FREE: "Possible",
        enums.Outcome.EXTRA: "Avec supplément",
        enums.Outcome.ON_REQUEST: "Sur demande",
        enums.Outcome.REFUSE: "Refusé",
    },
    enums.Availability: {
        enums.Availability.AVAILABLE: "Places disponibles",
        enums.Availability.LAST_PLACES: "Dernières places",
        enums.Availability.FULL: "Complet",
        enums.Availability.WAITING_LIST: "Complet, liste d’attente ouverte",
        enums.Availability.CLOSED: "Fermé",
    },
    enums.Residency: {
        enums.Residency.RESIDENT: "Résident",
        enums.Residency.NON_RESIDENT: "Non-résident",
    },
    enums.MailState: {
        enums.MailState.QUEUED: "En attente d’envoi",
        enums.MailState.SENT: "Envoyé",
        enums.MailState.BOUNCED: "Refusé par la messagerie",
        enums.MailState.ABANDONED: "Non remis",
    },
    enums.MailKind: {
        enums.MailKind.ACTIVATION: "Ouverture du compte",
        enums.MailKind.PROVISIONAL_PASSWORD: "Mot de passe provisoire",
        enums.MailKind.PASSWORD_CHANGED: "Mot de passe modifié",
        enums.MailKind.BOOKING_RECEIPT: "Récapitulatif de la demande",
        enums.MailKind.BOOKING_DECISION: "Réponse à la demande",
        enums.MailKind.CHANGE_DECISION: "Réponse à une modification du dossier",
        enums.MailKind.DOCUMENT_DECISION: "Réponse à un document transmis",
        enums.MailKind.DOCUMENT_EXPIRY: "Document à renouveler",
        enums.MailKind.EMAIL_CHANGE: "Confirmation d’une nouvelle adresse",
        enums.MailKind.EMAIL_CHANGE_NOTICE: "Changement d’adresse demandé",
        enums.MailKind.EMAIL_CHANGED: "Adresse de connexion modifiée",
        enums.MailKind.PLACE_OFFER: "Place proposée",
        enums.MailKind.PLACE_LOST: "Fin d’une attente",
        enums.MailKind.CLOSURE: "Fermeture",
        enums.MailKind.ABSENCE_RECEIPT: "Absence signalée",
        enums.MailKind.ALLOTMENT_RESULT: "Résultat de l’attribution des places",
        enums.MailKind.ENROLMENT_DECISION: "Réponse à une demande d’inscription",
        enums.MailKind.CUSTODY_SWAP: "Jours de garde",
        enums.MailKind.BOOKING_REMINDER: "Rappel avant la limite",
        enums.MailKind.INVOICE_ISSUED: "Nouvelle facture",
        enums.MailKind.INVOICE_REMINDER: "Rappel de facture",
        enums.MailKind.DISPUTE_DECISION: "Réponse à une contestation",
    },
    enums.DocumentOwner: {
        enums.DocumentOwner.HOUSEHOLD: "Le foyer",
        enums.DocumentOwner.CHILD: "L’enfant",
        enums.DocumentOwner.EITHER: "Le foyer ou l’enfant",
    },
    enums.DocumentState: {
        enums.DocumentState.SUBMITTED: "Transmis",
        enums.DocumentState.ACCEPTED: "Accepté",
        enums.DocumentState.REFUSED: "Refusé",
        enums.DocumentState.EXPIRED: "Expiré",
        enums.DocumentState.WITHDRAWN: "Retiré",
    },
    enums.DocumentEffect: {
        enums.DocumentEffect.NONE: "Aucun autre effet",
        enums.DocumentEffect.QUOTIENT: "Ouvre un quotient familial",
        enums.DocumentEffect.ABSENCE: "Justifie une absence",
    },
    enums.DocumentValidity: {
        enums.DocumentValidity.LASTING: "Sans limite",
        enums.DocumentValidity.MONTHS: "Un nombre de mois après sa date",
        enums.DocumentValidity.SCHOOL_YEAR: "Jusqu’à la fin de l’année scolaire",
        enums.DocumentValidity.CALENDAR_YEAR: "Jusqu’au 31 décembre",
    },
    enums.AbsenceKind: {
        enums.AbsenceKind.MEDICAL: "Certificat médical",
        enums.AbsenceKind.CIVIL_ACT: "Acte d’état civil",
        enums.AbsenceKind.PARENT_WORK: "Absence des parents à leur travail",
    },
    enums.AbsenceState: {
        enums.AbsenceState.DECLARED: "Absence déclarée",
        enums.AbsenceState.JUSTIFIED: "Absence justifiée",
        enums.AbsenceState.UNJUSTIFIED: "Absence non justifiée",
    },
    enums.AttendanceMark: {
        enums.AttendanceMark.PRESENT: "Présent",
        enums.AttendanceMark.ABSENT: "Absent",
    },
    enums.RunState: {
        enums.RunState.DRAFT: "Brouillon",
        enums.RunState.ISSUED: "Émise",
    },
    enums.InvoiceKind: {
        enums.InvoiceKind.INVOICE: "Facture",
        enums.InvoiceKind.CREDIT_NOTE: "Avoir",
    },
    enums.InvoiceState: {
        enums.InvoiceState.DRAFT: "Brouillon",
        enums.InvoiceState.CARRIED: "Reportée sur la facture suivante",
        enums.InvoiceState.UNSETTLED: "Non soldée – en attente de confirmation du Trésor public",
        enums.InvoiceState.PAYING: "Paiement en cours",
        enums.InvoiceState.PAID_ONLINE: "Payée en ligne",
        enums.InvoiceState.PARTIAL: "Réglée en partie",
        enums.InvoiceState.SETTLED: "Soldée",
        enums.InvoiceState.CANCELLED: "Annulée",
    },
    enums.InvoiceLineKind: {
        enums.InvoiceLineKind.PRESENCE: "Présence",
        enums.InvoiceLineKind.ABSENCE: "Absence due",
        enums.InvoiceLineKind.ADJUSTMENT: "Ajustement du mois",
        enums.InvoiceLineKind.CARRIED: "Report",
        enums.InvoiceLineKind.CORRECTION: "Correction",
    },
    enums.FindingKind: {
        enums.FindingKind.UNMARKED: "Jour non pointé",
        enums.FindingKind.UNPRICED: "Prix inconnu",
        enums.FindingKind.NO_REGIE: "Activité sans régie",
        enums.FindingKind.QUOTIENT: "Quotient familial manquant",
        enums.FindingKind.UNUSUAL: "Montant inhabituel",
        enums.FindingKind.NEGATIVE: "Total négatif",
        enums.FindingKind.DIFFERENCE: "Écart avec le mois précédent",
    },
    enums.DisputeState: {
        enums.DisputeState.OPEN: "En attente de réponse",
        enums.DisputeState.ACCEPTED: "Acceptée",
        enums.DisputeState.REFUSED: "Refusée",
    },
    enums.PaymentMethod: {
        enums.PaymentMethod.CASH: "Espèces",
        enums.PaymentMethod.CHEQUE: "Chèque",
        enums.PaymentMethod.CESU: "CESU",
        enums.PaymentMethod.ANCV: "Chèques-vacances ANCV",
        enums.PaymentMethod.TRANSFER: "Virement",
        enums.PaymentMethod.TREASURY: "Auprès du Trésor public",
    },
    enums.PaymentState: {
        enums.PaymentState.VALID: "Enregistré",
        enums.PaymentState.CANCELLED: "Annulé",
    },
    enums.FileSection: {
        enums.FileSection.HOUSEHOLD_ADDRESS: "Adresse du foyer",
        enums.FileSection.HOUSEHOLD_SITUATION: "Situation du foyer",
        enums.FileSection.ADULT_IDENTITY: "Informations personnelles",
        enums.FileSection.ADULT_CONTACT: "Coordonnées",
        enums.FileSection.ADULT_BANK: "Coordonnées bancaires",
        enums.FileSection.CHILD_IDENTITY: "Identité de l’enfant",
        enums.FileSection.CHILD_MEDICAL: "Renseignements médicaux",
        enums.FileSection.CHILD_DIET: "Régime alimentaire",
        enums.FileSection.CHILD_PEOPLE: "Personnes autorisées à venir chercher l’enfant",
        enums.FileSection.CHILD_AUTHORISATIONS: "Autorisations",
    },
    enums.SubjectKind: {
        enums.SubjectKind.HOUSEHOLD: "Le foyer",
        enums.SubjectKind.GUARDIAN: "L’adulte",
        enums.SubjectKind.CHILD: "L’enfant",
        enums.SubjectKind.PERSON: "La personne autorisée",
    },
    enums.ChangeState: {
        enums.ChangeState.PENDING: "En attente de contrôle",
        enums.ChangeState.ACCEPTED: "Acceptée",
        enums.ChangeState.REFUSED: "Refusée",
        enums.ChangeState.WITHDRAWN: "Retirée",
        enums.ChangeState.REPLACED: "Remplacée",
    },
    enums.ChoiceList: {
        enums.ChoiceList.FAMILY_SITUATION: "Situations familiales",
        enums.ChoiceList.RELATIONSHIP: "Liens avec l’enfant",
        enums.ChoiceList.DIET: "Régimes alimentaires",
    },
    enums.CustodySplit: {
        enums.CustodySplit.WEEKS: "Les semaines continuent",
        enums.CustodySplit.HALVES: "Par moitiés",
        enums.CustodySplit.FORTNIGHTS: "Par quinzaines",
    },
    enums.SchoolLevel: {level: level.value for level in enums.SchoolLevel},
    enums.Sex: {
        enums.Sex.FEMALE: "Fille",
        enums.Sex.MALE: "Garçon",
    },
    enums.SocialFund: {
        enums.SocialFund.CAF: "CAF",
        enums.SocialFund.MSA: "MSA",
        enums.SocialFund.OTHER: "Autre régime",
    },
    enums.SchoolZone: {
        enums.SchoolZone.A: "Zone A",
        enums.SchoolZone.B: "Zone B",
        enums.SchoolZone.C: "Zone C",
        enums.SchoolZone.CORSICA: "Corse",
        enums.SchoolZone.OTHER: "Autre calendrier",
    },
    enums.HolidayVariant: {
        enums.HolidayVariant.METROPOLE: "France métropolitaine",
        enums.HolidayVariant.ALSACE_MOSELLE: "Alsace et Moselle",
        enums.HolidayVariant.GUADELOUPE: "Guadeloupe",
        enums.HolidayVariant.MARTINIQUE: "Martinique",
        enums.HolidayVariant.GUYANE: "Guyane",
        enums.HolidayVariant.REUNION: "La Réunion",
        enums.HolidayVariant.MAYOTTE: "Mayotte",
        enums.HolidayVariant.SAINT_BARTHELEMY: "Saint-Barthélemy",
        enums.HolidayVariant.SAINT_MARTIN: "Saint-Martin",
        enums.HolidayVariant.SAINT_PIERRE_ET_MIQUELON: "Saint-Pierre-et-Miquelon",
    },
}


def label(value: StrEnum) -> str:
    """The French label of a value; « Résident » for Residency.RESIDENT."""
    return LABELS[type(value)][value]
