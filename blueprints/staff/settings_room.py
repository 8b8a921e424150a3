"""« Réglages »: every setting of the portal, in the groups in which the staff looks for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from flask import request
from flask_login import current_user

from domain.people import fold
from domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class SettingPage:
    """One page: what it is for in a line, what its search also finds, the steps of « Mise en route » that it
    answers (domain.first_steps.Step.key)."""

    endpoint: str
    title: str
    purpose: str
    permission: Permission
    words: str = ""
    steps: tuple[str, ...] = ()

    @property
    def searched(self) -> str:
        return fold(f"{self.title} {self.purpose} {self.words}")


@dataclass(frozen=True, slots=True)
class SettingGroup:
    title: str
    icon: str
    pages: tuple[SettingPage, ...]


GROUPS = (
    SettingGroup(
        "La commune",
        "landmark",
        (
            SettingPage(
                "staff_settings.index",
                "Commune et service",
                "Nom, téléphone, mail et horaires du service\u00a0; zone de vacances, confirmation des "
                "dossiers, rappels.",
                Permission.SETTINGS_MANAGE,
                "adresse contact inscription quotient réserver certification",
                ("settings",),
            ),
            SettingPage(
                "staff_settings.identity",
                "Couleur et logo",
                "L’allure du portail, sur chaque page et sur les papiers.",
                Permission.SETTINGS_MANAGE,
                "identité image charte",
                ("identity",),
            ),
            SettingPage(
                "staff_calendar.index",
                "Calendrier",
                "Jours fériés et vacances scolaires\u00a0: les délais en dépendent.",
                Permission.CALENDAR_MANAGE,
                "congés pont zone",
                ("calendar",),
            ),
            SettingPage(
                "staff_settings.legal_texts",
                "Mentions légales",
                "Qui publie le portail, qui l’héberge, données personnelles, accessibilité.",
                Permission.SETTINGS_MANAGE,
                "RGPD DPO délégué RGAA éditeur hébergeur loi",
            ),
        ),
    ),
    SettingGroup(
        "Structures et activités",
        "building",
        (
            SettingPage(
                "staff_facilities.index",
                "Structures",
                "Écoles, accueils de loisirs\u00a0: leurs activités, leurs jours ouverts, leurs places.",
                Permission.FACILITIES_MANAGE,
                "cantine garderie ALSH centre groupes périodes types de présence ouvertures capacité",
                ("facilities", "activities"),
            ),
            SettingPage(
                "staff_schools.index",
                "Établissements scolaires",
                "Les classes de l’année et leurs élèves, le passage à l’année suivante.",
                Permission.SCHOOLS_MANAGE,
                "écoles classes niveaux scolarité rentrée",
            ),
            SettingPage(
                "staff_closures.index",
                "Fermetures",
                "Grève, sortie, météo\u00a0: fermer des jours, prévenir les familles.",
                Permission.CLOSURES_MANAGE,
                "annuler jour exceptionnel",
            ),
        ),
    ),
    SettingGroup(
        "Règlement et tarifs",
        "book-open",
        (
            SettingPage(
                "staff_rulebook.index",
                "Règlement",
                "Délais, prix, absences, inscriptions\u00a0: ses versions et leurs dates.",
                Permission.FACILITIES_MANAGE,
                "tarifs grille quotient limites annulation majoration exemple",
                ("rulebook",),
            ),
            SettingPage(
                "staff_billing.regies",
                "Régies",
                "Qui facture et encaisse quelle activité, paiement en ligne.",
                Permission.BILLING_MANAGE,
                "PayFiP trésor régisseur facture carte prélèvement",
                ("regie",),
            ),
        ),
    ),
    SettingGroup(
        "Dossiers et documents",
        "file-text",
        (
            SettingPage(
                "staff_settings.file_fields",
                "Champs du dossier",
                "Ce que les familles voient, modifient, doivent remplir.",
                Permission.SETTINGS_MANAGE,
                "obligatoire contrôle fiche sanitaire employeur",
            ),
            SettingPage(
                "staff_lists.index",
                "Listes",
                "Situations familiales, liens avec l’enfant, régimes alimentaires.",
                Permission.SETTINGS_MANAGE,
                "choix sans porc végétarien parenté",
            ),
            SettingPage(
                "staff_lists.authorisations",
                "Autorisations",
                "Les questions posées aux parents sur chaque enfant.",
                Permission.SETTINGS_MANAGE,
                "photo droit à l’image sortie hospitalisation",
            ),
            SettingPage(
                "staff_consents.index",
                "Textes à accepter",
                "Règlement intérieur, chartes\u00a0: leurs versions, qui a répondu.",
                Permission.CONTENT_MANAGE,
                "consentement signature",
            ),
            SettingPage(
                "staff_family_files.import_families",
                "Importer des familles",
                "Reprendre les dossiers d’un tableur ou d’un autre logiciel.",
                Permission.FAMILIES_IMPORT,
                "import CSV XLSX reprise ancien logiciel",
                ("families",),
            ),
        ),
    ),
    SettingGroup(
        "Repas",
        "utensils",
        (
            SettingPage(
                "staff_kitchens.index",
                "Cuisines",
                "Pour qui chacune cuisine, quand elle relève les repas, ses menus.",
                Permission.KITCHENS_MANAGE,
                "cantine menus allergènes étapes commande comptage effectifs",
            ),
        ),
    ),
    SettingGroup(
        "Communication",
        "mail",
        (
            SettingPage(
                "staff_content.index",
                "Contenus",
                "Actualités, liens utiles, ressources, documents demandés aux familles.",
                Permission.CONTENT_MANAGE,
                "news pièces justificatif assurance vaccination accueil",
            ),
            SettingPage(
                "staff_content.mails",
                "Textes des mails",
                "L’objet, le début et la fin de chaque mail du portail.",
                Permission.CONTENT_MANAGE,
                "courriel message modèle signature",
            ),
            SettingPage(
                "staff_settings.mail_server",
                "Serveur de mail",
                "Par où partent les mails, et un essai.",
                Permission.SETTINGS_MANAGE,
                "SMTP expéditeur courriel mot de passe port TLS",
                ("mail",),
            ),
            SettingPage(
                "staff_mails.index",
                "Mails",
                "Ceux qui sont partis, en retard ou refusés.",
                Permission.MAILS_READ,
                "courriel envoyés relancer adresse fausse",
            ),
        ),
    ),
    SettingGroup(
        "Personnes et sûreté",
        "lock",
        (
            SettingPage(
                "staff_users.index",
                "Agents",
                "Qui travaille sur le portail, avec quels droits, dans quelles structures.",
                Permission.STAFF_MANAGE,
                "utilisateurs rôle direction animateur accès inviter suspendre santé",
            ),
            SettingPage(
                "staff_journal.index",
                "Journal",
                "Qui a fait quoi, et quand.",
                Permission.AUDIT_READ,
                "traces historique audit recherche export",
            ),
            SettingPage(
                "staff_retention.index",
                "Conservation",
                "Combien de temps chaque donnée est gardée, ce qui s’efface.",
                Permission.RETENTION_MANAGE,
                "RGPD durées effacement purge archives",
            ),
        ),
    ),
)


def groups() -> tuple[SettingGroup, ...]:
    """Those of the signed-in agent, with the pages that the agent may open."""
    return _kept(GROUPS, lambda page: current_user.may(page.permission))


def search(found: Iterable[SettingGroup], typed: str) -> tuple[SettingGroup, ...]:
    """The pages that hold each word of `typed`, accents and case aside."""
    words = fold(typed).split()
    return _kept(found, lambda page: all(word in page.searched for word in words))


def here() -> SettingGroup | None:
    """The group of the page that was asked for; None for a page that is no setting."""
    return next((one for one in groups() if request.endpoint in {page.endpoint for page in one.pages}), None)


def _kept(every: Iterable[SettingGroup], wanted: Callable[[SettingPage], bool]) -> tuple[SettingGroup, ...]:
    left = (replace(one, pages=tuple(page for page in one.pages if wanted(page))) for one in every)
    return tuple(one for one in left if one.pages)
