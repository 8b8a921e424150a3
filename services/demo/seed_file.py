"""Writes what families' files hold beyond names: adults, health, people, authorisations, texts accepted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain import certification
from domain.calendar import PARIS, midday, paris_now, school_year
from domain.enums import AccountKind, Channel, DocumentState, Sex, SocialFund
from domain.family_file import Vaccination
from domain.settings import TownSettings
from models import (
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    Certification,
    Child,
    Consent,
    ConsentAnswer,
    ConsentVersion,
    Document,
    DocumentCategory,
    Enrolment,
    Guardian,
    HouseholdGuardian,
    MedicalRecord,
)
from services import medical_readings, name_index
from services.demo import seed_people, town
from services.demo.seed_people import Family

_PROFESSIONS = (
    ("Infirmière", "Centre hospitalier de Cahors"),
    ("Enseignante", "Collège Gambetta"),
    ("Comptable", "Cabinet Lot Conseil"),
    ("Vendeuse", "Halles de Cahors"),
    ("Aide à domicile", "CIAS du Grand Cahors"),
    ("Ingénieure", "Usine de Regourd"),
)
_TRADES = (
    ("Menuisier", "Atelier du Lot"),
    ("Chauffeur", "Transports Quercy"),
    ("Électricien", "Cahors Énergie"),
    ("Vigneron", "Domaine des Cèdres"),
    ("Cuisinier", "Lycée Clément-Marot"),
    ("Technicien", "Mairie de Cahors"),
)
_PEOPLE = (  # last name, None for the family's own; True for who is called in an emergency
    ("Monique", None, "Grand-mère", True),
    ("Bernard", None, "Grand-père", False),
    ("Solène", "VAYSSIÈRES", "Tante ou oncle", False),
    ("Patricia", "LABORIE", "Assistante maternelle", False),
    ("Yvon", "CROS", "Voisine ou voisin", True),
)
_GIRLS = frozenset(
    ("Marie", "Léa", "Lina", "Jade", "Chloé", "Zoé", "Aya", "Rose", "Anna", "Manon", "Awa", "Alice", "Inaya")
)
_DOCTOR = {"doctor_name": "Dr Hélène ROUQUET", "doctor_phone": "05 36 49 01 77"}
_HEALTH = {
    ("SOLIGNAC", "Marie"): {"other_allergies": "Pollens de graminées, au printemps", **_DOCTOR},
    ("SOLIGNAC", "Léo"): {
        "food_allergies": "Arachides",
        "conduct": "La trousse d’urgence est dans le bureau de la direction. Appeler le 15.",
        "has_pai": "oui",
        "treatment": "Stylo d’adrénaline en cas de gêne respiratoire (ordonnance jointe au PAI).",
        **_DOCTOR,
    },
    ("BOUSQUET", "Rose"): {"medicine_allergies": "Pénicilline", **_DOCTOR},
    ("COSTES", "Maël"): {
        "other_allergies": "Asthme",
        "conduct": "Deux bouffées de Ventoline, au calme. Appeler les parents si la gêne dure.",
        "has_pai": "oui",
    },
    ("DIALLO", "Ilyès"): {"recommendations": "Porte des lunettes, qu’il retire pour le sport."},
    ("LACAM", "Tom"): {"food_allergies": "Œufs", "conduct": "Éviction simple, aucun traitement."},
}
_DIETS = {
    ("SOLIGNAC", "Marie"): ("Sans viande", "Poisson et œufs bienvenus"),
    ("SOLIGNAC", "Léo"): ("Sans arachide", ""),
    ("LACAM", "Tom"): ("Panier repas fourni par la famille", "Repas à garder au froid"),
}
_OTHER_DIETS = ("Sans porc", "Végétarien", "Sans poisson", "Sans lactose")
_OLD_ENOUGH_TO_LEAVE = 9

RULES_TEXT = (
    "Les enfants sont accueillis aux heures d’ouverture de chaque structure. Les familles préviennent le "
    "service de toute absence et tiennent leur dossier à jour.\n\n"
    "Chacun respecte les personnes, les lieux et le matériel."
)
CHARTER_ADDITION = "\n\nLes bonbons et les jouets restent à la maison."
LATE_FAMILY = "ALBERT"  # its certification is over


@dataclass(frozen=True, slots=True)
class _Home:
    """A family with its adults and children, as rows."""

    family: Family
    adults: Sequence[Guardian]
    children: Sequence[Child]

    @property
    def name(self) -> str:
        return self.family.spec.name


def write_files(
    session: Session,
    now: datetime,
    households: Sequence[Family],
    agent: seed_people.Author,
    password_hash: str,
    second_parent_email: str,
) -> None:
    """Fill the files of the families."""
    rng = Random(64)  # noqa: S311  the same invented details at each start
    homes = [_home(session, family) for family in households]
    _open_second_access(session, homes[0], now, password_hash, second_parent_email)
    for home in homes:
        _detail(session, home, rng, now)
        _authorise(session, home, now)
    _write_health(session, homes, agent, now)
    _write_texts(session, homes, now, rng)
    _certify(session, homes, now, rng)
    _end_soon(session, homes[0], paris_now(now).date())
    name_index.rewrite(session, [home.family.household.id for home in homes])


def _home(session: Session, family: Family) -> _Home:
    adults = (
        select(Guardian)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(HouseholdGuardian.household_id == family.household.id)
        .order_by(HouseholdGuardian.position)
    )
    children = select(Child).where(Child.id.in_(family.child_ids)).order_by(Child.id)
    return _Home(family, session.scalars(adults).all(), session.scalars(children).all())


def _open_second_access(session: Session, home: _Home, now: datetime, password_hash: str, email: str) -> None:
    """Both parents of the main family sign in."""
    user = seed_people.open_account(session, email, now, password_hash, AccountKind.FAMILY)
    home.adults[1].user_id, home.adults[1].email = user.id, email


# --- Adults, children, people -------------------------------------------------------------------------------


def _detail(session: Session, home: _Home, rng: Random, now: datetime) -> None:
    household = home.family.household
    household.social_fund = rng.choice((SocialFund.CAF, SocialFund.CAF, SocialFund.MSA))
    household.beneficiary_number = f"{rng.randint(1_000_000, 9_999_999)}"
    household.address_since = date(now.year - rng.randint(2, 9), rng.randint(1, 12), 1)
    for position, adult in enumerate(home.adults, start=1):
        adult.profession, adult.workplace = rng.choice(_PROFESSIONS if position == 1 else _TRADES)
        adult.work_phone = f"05 36 49 {rng.randint(10, 99)} {rng.randint(10, 99)}"
        adult.birth_date = date(now.year - rng.randint(28, 45), rng.randint(1, 12), rng.randint(1, 28))
        session.execute(
            update(HouseholdGuardian)
            .where(HouseholdGuardian.household_id == household.id, HouseholdGuardian.guardian_id == adult.id)
            .values(relationship="Mère" if position == 1 else "Père")
        )
    for rank, child in enumerate(home.children):
        child.sex = Sex.FEMALE if child.first_name in _GIRLS else Sex.MALE
        child.birth_place = "Cahors"
        diet = _DIETS.get((home.name, child.first_name))
        if diet is None and rng.random() < 0.15:
            diet = (rng.choice(_OTHER_DIETS), "")
        child.diet, child.diet_note = diet or ("", "")
        if rank == 0 or rng.random() < 0.5:
            first_name, last_name, relationship, is_emergency = rng.choice(_PEOPLE)
            session.add(
                AuthorisedPerson(
                    child_id=child.id, first_name=first_name, last_name=last_name or home.name,
                    relationship=relationship,
                    phone=f"06 39 98 {rng.randint(50, 99)} {rng.randint(10, 99)}",
                    is_emergency_contact=is_emergency,
                )
            )  # fmt: skip


def _authorise(session: Session, home: _Home, now: datetime) -> None:
    """An answer to every question for every child, for each of its facilities where the question asks it."""
    given = {
        "author_name": f"{home.adults[0].first_name} {home.name}",
        "given_at": midday(paris_now(now - timedelta(days=100)).date()),
    }
    questions = session.scalars(select(AuthorisationType).order_by(AuthorisationType.position)).all()
    for child in home.children:
        places = session.scalars(select(Enrolment.facility_id).where(Enrolment.child_id == child.id)).all()
        is_old_enough = now.year - child.birth_date.year >= _OLD_ENOUGH_TO_LEAVE
        for question in questions:
            is_allowed = is_old_enough if question.is_safety else child.id % 9 != 0
            session.add_all(
                Authorisation(
                    child_id=child.id,
                    type_id=question.id,
                    facility_id=place,
                    is_allowed=is_allowed,
                    **given,
                )
                for place in (places if question.is_per_facility else [None])
            )


def _write_health(session: Session, homes: Sequence[_Home], agent: seed_people.Author, now: datetime) -> None:
    """Some sealed records, and one reading that the main family finds in its register."""
    last_day = school_year(paris_now(now).date())[1].isoformat()
    for home in homes:
        for child in home.children:
            values = dict(_HEALTH.get((home.name, child.first_name), {}))
            if not values:
                continue
            values["vaccination"] = Vaccination.UP_TO_DATE.value
            if "has_pai" in values:
                values["pai_until"] = last_day
            content = json.dumps(values, ensure_ascii=False, sort_keys=True)
            session.add(
                MedicalRecord(child_id=child.id, content=content, updated_at=now - timedelta(days=80))
            )
    reading = medical_readings.Reading(agent.user.id, "la fiche de l’enfant")
    medical_readings.record(session, homes[0].children[1].id, reading, now=now - timedelta(days=12))


# --- Texts, certification, ends of validity -----------------------------------------------------------------


def _write_texts(session: Session, homes: Sequence[_Home], now: datetime, rng: Random) -> None:
    """Everybody accepted the règlement intérieur; the charter has a new version that Claire has not read."""
    opened, renewed = now - timedelta(days=110), now - timedelta(days=6)
    rules = _text(session, "Règlement intérieur", 1, is_required=True)
    charter_name, charter_text = town.CONSENT
    charter = _text(session, charter_name, 2, is_required=False)
    (rules_text,) = _versions(session, rules, (RULES_TEXT, opened))
    former, last = _versions(
        session, charter, (charter_text, opened), (charter_text + CHARTER_ADDITION, renewed)
    )
    for home in homes:
        for adult in home.adults:
            is_main_parent = adult is homes[0].adults[0]
            session.add(_accepted(rules_text, adult, now - timedelta(days=90)))
            session.add(_accepted(former, adult, now - timedelta(days=90)))
            if not is_main_parent and rng.random() < 0.8:
                session.add(_accepted(last, adult, now - timedelta(days=rng.randint(1, 5))))


def _text(session: Session, name: str, position: int, *, is_required: bool) -> Consent:
    row = Consent(name=name, is_required=is_required, position=position)
    session.add(row)
    session.flush()
    return row


def _versions(session: Session, consent: Consent, *published: tuple[str, datetime]) -> list[ConsentVersion]:
    rows = [
        ConsentVersion(consent_id=consent.id, number=number, text=text, published_at=at)
        for number, (text, at) in enumerate(published, start=1)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def _accepted(version: ConsentVersion, adult: Guardian, at: datetime) -> ConsentAnswer:
    channel = Channel.PORTAL if adult.user_id is not None else Channel.PAPER
    return ConsentAnswer(
        version_id=version.id, guardian_id=adult.id, is_accepted=True, channel=channel, answered_at=at
    )


def _certify(session: Session, homes: Sequence[_Home], now: datetime, rng: Random) -> None:
    """Most files are confirmed for this year, one was confirmed last year only."""
    asked_from = TownSettings().certification_day
    season = certification.season(paris_now(now).date(), asked_from)
    for home in homes:
        certified_at = now - timedelta(days=rng.randint(3, 60))
        if home.name == LATE_FAMILY:
            home.family.household.created_at = now - timedelta(days=700)
            certified_at = datetime(season[0].year - 1, season[0].month, season[0].day, 18, tzinfo=PARIS)
        elif rng.random() < 0.15:
            continue
        until = certification.season(paris_now(certified_at).date(), asked_from)[1]
        author = home.family.author
        session.add(
            Certification(
                household_id=home.family.household.id, author_user_id=author.user.id,
                author_name=author.name, channel=author.channel, certified_at=certified_at, valid_until=until,
            )
        )  # fmt: skip


def _end_soon(session: Session, home: _Home, today: date) -> None:
    """The insurance of the main family's first child ends in less than thirty days, which it is told."""
    document = session.scalars(
        select(Document)
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .where(
            Document.child_id == home.children[0].id,
            Document.state == DocumentState.ACCEPTED,
            DocumentCategory.name == town.INSURANCE,
        )
    ).one()
    document.valid_until, document.reminded_on = today + timedelta(days=18), None
