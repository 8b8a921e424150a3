"""Everything that the portal holds about an adult and its family, as the RGPD wants it handed over (R54).

Never what is the other household's: of the other adults, the name alone; of a shared child, its sheet and
what this household asked for. A child whose sheet the service has restricted appears by its name.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from domain.calendar import paris_now
from domain.enums import FileSection, InvoiceState
from domain.errors import NotFound
from domain.family_file import fields_of, value_in_words
from domain.journal import action_words
from domain.labels import label
from extensions import db
from models import (
    Absence,
    Activity,
    AuditEvent,
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    Booking,
    BookingRequest,
    BookingRequestLine,
    Certification,
    ChangeLine,
    ChangeRequest,
    Child,
    Consent,
    ConsentAnswer,
    ConsentVersion,
    Conversation,
    Debit,
    DebitBatch,
    Document,
    DocumentCategory,
    Enrolment,
    Facility,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Invoice,
    InvoiceLine,
    LineDispute,
    Mandate,
    MedicalRecord,
    Message,
    MessageFile,
    OutgoingMail,
    Payment,
    PresenceType,
    QuotientFamilial,
    Refund,
    RuleFact,
    SchoolClass,
    Schooling,
    StaffMember,
)
from queries import medical
from queries.family_exports import Table

_CHILD = ("Enfant", "Nom")
_UNSEEN = (InvoiceState.DRAFT, InvoiceState.CARRIED)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data: the adult, its account if there is one, its households, the children it may read."""

    guardian_id: int
    user_id: int | None
    name: str
    households: tuple[int, ...]
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file to hand over: `key` in the store, `name` in the archive."""

    key: str
    name: str


def owner(guardian_id: int) -> Owner:
    """Three statements. Raises NotFound for an adult that is not there, or was merged or erased."""
    row = db.session.execute(
        select(Guardian.user_id, Guardian.first_name, Guardian.last_name).where(
            Guardian.id == guardian_id, Guardian.merged_into_id.is_(None), Guardian.erased_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound
    homes = db.session.scalars(
        select(HouseholdGuardian.household_id).where(HouseholdGuardian.guardian_id == guardian_id)
    ).all()
    children = db.session.scalars(
        select(HouseholdChild.child_id)
        .where(HouseholdChild.household_id.in_(homes), ~HouseholdChild.is_restricted)
        .distinct()
    ).all()
    name = f"{row.first_name} {row.last_name}".strip()
    return Owner(guardian_id, row.user_id, name, tuple(homes), tuple(children))


def tables(of: Owner, *, with_health: bool = True, with_bank: bool = True) -> list[Table]:
    """(name, titles, rows) of everything, in a fixed number of statements; empty ones are left out.

    `with_health`, `with_bank`: what an agent who hands them over may not read is not there.
    """
    found = [
        *_household(of),
        _myself(of, with_bank),
        *_children(of),
        *([_health(of)] if with_health else []),
        *([_declared(of)] if with_health and with_bank else []),
        *_asked(of),
        *_money(of, with_bank),
        *_talks(of),
        *_traces(of),
    ]
    return [one for one in found if one[2]]


def files(of: Owner, *, with_health: bool = True) -> list[StoredFile]:
    """The documents that these households sent, and the files of their messages. Two statements."""
    sent = (
        select(Document.id, Document.file_key, Document.file_name)
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .where(Document.household_id.in_(of.households), Document.file_key.is_not(None))
    )
    if not with_health:
        sent = sent.where(~DocumentCategory.is_medical)
    joined = (
        select(MessageFile.id, MessageFile.file_key, MessageFile.file_name)
        .join(Message, Message.id == MessageFile.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.household_id.in_(of.households))
    )
    return [
        StoredFile(row.file_key, f"{folder}/{row.id}-{row.file_name.replace('/', '-') or 'document.pdf'}")
        for folder, query in (("documents", sent.order_by(Document.id)), ("messages", joined))
        for row in db.session.execute(query)
    ]


def _rows(query: Select) -> list[tuple[Any, ...]]:
    return [tuple(_cell(cell) for cell in row) for row in db.session.execute(query)]


def _cell(value: Any) -> Any:
    """Words for a closed list, the clock of Paris for an instant, lines for a list of sentences."""
    if hasattr(value, "astimezone"):
        return f"{paris_now(value):%d/%m/%Y %H:%M}"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return label(value) if hasattr(value, "value") else value


def _of_child(*columns: Any) -> Select:
    return select(Child.first_name, Child.last_name, *columns).select_from(Child)


def _household(of: Owner) -> list[Table]:
    home = select(
        Household.number, Household.name, Household.address, Household.address_extra, Household.postcode,
        Household.city, Household.residency, Household.family_situation, Household.social_fund,
        Household.beneficiary_number,
    ).where(Household.id.in_(of.households))  # fmt: skip
    others = (
        select(Guardian.first_name, Guardian.last_name, HouseholdGuardian.relationship)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(HouseholdGuardian.household_id.in_(of.households), Guardian.id != of.guardian_id)
    )
    former = select(
        FormerAddress.address, FormerAddress.address_extra, FormerAddress.postcode, FormerAddress.city,
        FormerAddress.valid_from, FormerAddress.valid_to,
    ).where(FormerAddress.household_id.in_(of.households))  # fmt: skip
    quotients = select(
        QuotientFamilial.value_hundredths, QuotientFamilial.valid_from, QuotientFamilial.valid_to,
        QuotientFamilial.source,
    ).where(QuotientFamilial.household_id.in_(of.households))  # fmt: skip
    where = ("Adresse", "Complément", "Code postal", "Ville")
    titles = ("Dossier", "Nom", *where, "Commune", "Situation", "Caisse", "N° allocataire")
    return [
        ("Foyer", titles, _rows(home)),
        ("Autres adultes du foyer", ("Prénom", "Nom", "Lien"), _rows(others)),
        ("Anciennes adresses", (*where, "Du", "Au"), _rows(former)),
        (
            "Quotients",
            ("Quotient", "Du", "Au", "Justificatif"),
            [(Decimal(value).scaleb(-2), *rest) for value, *rest in _rows(quotients)],
        ),
    ]


def _myself(of: Owner, with_bank: bool) -> Table:
    """Line by line; an IBAN in full, it is its owner's."""
    row = db.session.get_one(Guardian, of.guardian_id)
    lines = (
        ("Prénom", row.first_name), ("Nom", row.last_name), ("Nom de naissance", row.birth_name),
        ("Date de naissance", row.birth_date), ("Mail", row.email), ("Mobile", row.mobile_phone),
        ("Domicile", row.home_phone), ("Travail", row.work_phone), ("Lieu de travail", row.workplace),
        ("Profession", row.profession), ("IBAN", row.iban if with_bank else ""),
        ("Titulaire du compte", row.iban_holder),
        ("Coordonnées confidentielles", row.has_secret_contact), ("Reçoit les rappels", row.wants_reminders),
    )  # fmt: skip
    return "Moi", ("Information", "Valeur"), [one for one in lines if one[1] not in (None, "")]


def _children(of: Owner) -> list[Table]:
    mine = Child.id.in_(of.children)
    names = (
        select(Child.first_name, Child.last_name)
        .join(HouseholdChild, HouseholdChild.child_id == Child.id)
        .where(HouseholdChild.household_id.in_(of.households), HouseholdChild.is_restricted)
    )
    sheets = _of_child(Child.birth_date, Child.sex, Child.birth_place, Child.diet, Child.diet_note).where(
        mine
    )
    schools = (
        _of_child(
            Schooling.school_year, Facility.name, Schooling.level, SchoolClass.name, SchoolClass.teacher
        )
        .join(Schooling, Schooling.child_id == Child.id)
        .join(Facility, Facility.id == Schooling.facility_id)
        .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
        .where(mine)
    )  # fmt: skip
    enrolled = (
        _of_child(Facility.name, Enrolment.group_name, Enrolment.first_day, Enrolment.last_day)
        .join(Enrolment, Enrolment.child_id == Child.id)
        .join(Facility, Facility.id == Enrolment.facility_id)
        .where(mine)
    )
    people = (
        _of_child(
            AuthorisedPerson.first_name, AuthorisedPerson.last_name, AuthorisedPerson.relationship,
            AuthorisedPerson.phone, AuthorisedPerson.may_collect, AuthorisedPerson.is_emergency_contact,
        )
        .join(AuthorisedPerson, AuthorisedPerson.child_id == Child.id)
        .where(mine)
    )  # fmt: skip
    answers = (
        _of_child(
            AuthorisationType.name, Authorisation.is_allowed, Authorisation.author_name,
            Authorisation.given_at, Authorisation.ended_at,
        )
        .join(Authorisation, Authorisation.child_id == Child.id)
        .join(AuthorisationType, AuthorisationType.id == Authorisation.type_id)
        .where(mine)
    )  # fmt: skip
    return [
        ("Enfants", (*_CHILD, "Né le", "Sexe", "Lieu de naissance", "Régime", "Précision"), _rows(sheets)),
        ("Enfants dont la fiche est réservée", _CHILD, _rows(names)),
        ("Scolarités", (*_CHILD, "Année", "École", "Niveau", "Classe", "Enseignant"), _rows(schools)),
        ("Inscriptions", (*_CHILD, "Structure", "Groupe", "Du", "Au"), _rows(enrolled)),
        (
            "Personnes autorisées",
            (*_CHILD, "Prénom", "Nom", "Lien", "Téléphone", "Vient chercher", "À prévenir"),
            _rows(people),
        ),
        ("Autorisations", (*_CHILD, "Autorisation", "Réponse", "Par", "Le", "Jusqu’au"), _rows(answers)),
    ]


def _health(of: Owner) -> Table:
    fields = {one.name: one for one in fields_of(FileSection.CHILD_MEDICAL)}
    query = (
        _of_child(MedicalRecord.content)
        .join(MedicalRecord, MedicalRecord.child_id == Child.id)
        .where(Child.id.in_(of.children))
    )
    rows = [
        (first, last, fields[name].label, value_in_words(fields[name], value))
        for first, last, content in db.session.execute(query)
        for name, value in json.loads(content).items()
        if name in fields and value
    ]
    return "Santé", (*_CHILD, "Information", "Réponse"), rows


def _declared(of: Owner) -> Table:
    """What the adult itself declared, field by field."""
    query = (
        select(
            ChangeRequest.created_at, ChangeRequest.section, ChangeLine.wanted_value, ChangeLine.state,
            ChangeLine.reason,
        )
        .join(ChangeLine, ChangeLine.request_id == ChangeRequest.id)
        .where(ChangeRequest.author_user_id == of.user_id)
        .order_by(ChangeLine.id)
    )  # fmt: skip
    titles = ("Le", "Rubrique", "Valeur demandée", "État", "Motif")
    return "Modifications demandées", titles, _rows(query) if of.user_id else []


def _asked(of: Owner) -> list[Table]:
    booked = (
        _of_child(Booking.day, Activity.name, PresenceType.name, Booking.state, Booking.created_at)
        .join(Booking, Booking.child_id == Child.id)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .where(Booking.household_id.in_(of.households))
        .order_by(Booking.day, Child.id)
    )
    requests = (
        _of_child(
            BookingRequest.reference, BookingRequest.created_at, BookingRequest.author_name,
            BookingRequestLine.day, BookingRequestLine.action, BookingRequestLine.state,
            BookingRequestLine.explanation, BookingRequestLine.reason,
        )
        .join(BookingRequestLine, BookingRequestLine.child_id == Child.id)
        .join(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
        .where(BookingRequest.household_id.in_(of.households))
        .order_by(BookingRequestLine.id)
    )  # fmt: skip
    facts = select(RuleFact.name, RuleFact.value, RuleFact.valid_from, RuleFact.valid_to).where(
        RuleFact.household_id.in_(of.households)
    )
    absent = (
        _of_child(Booking.day, Activity.name, Absence.state, Absence.explanation)
        .join(Booking, Booking.child_id == Child.id)
        .join(Absence, Absence.booking_id == Booking.id)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.household_id.in_(of.households))
    )
    papers = (
        select(
            DocumentCategory.name, Child.first_name, Document.state, Document.submitted_at,
            Document.valid_until, Document.file_name, Document.comment, Document.reason,
        )
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .outerjoin(Child, Child.id == Document.child_id)
        .where(Document.household_id.in_(of.households))
    )  # fmt: skip
    return [
        ("Réservations", (*_CHILD, "Jour", "Activité", "Présence", "État", "Demandée le"), _rows(booked)),
        (
            "Demandes de réservation",
            (*_CHILD, "Référence", "Le", "Par", "Jour", "Demande", "État", "Explication", "Motif"),
            _rows(requests),
        ),
        ("Absences", (*_CHILD, "Jour", "Activité", "État", "Explication"), _rows(absent)),
        ("Informations pour le règlement", ("Information", "Réponse", "Du", "Au"), _rows(facts)),
        (
            "Documents",
            ("Document", "Enfant", "État", "Transmis le", "Jusqu’au", "Fichier", "Remarque", "Motif"),
            _rows(papers),
        ),
    ]


def _account(signed_by: int, iban: str | None, iban_end: str, of: Owner, with_bank: bool) -> str:
    """In full for who signed the mandate, its end for the other adults of the household."""
    return iban if with_bank and iban and signed_by == of.guardian_id else f"…{iban_end}"


def _money(of: Owner, with_bank: bool) -> list[Table]:
    mine = Invoice.household_id.in_(of.households) & Invoice.state.not_in(_UNSEEN)
    bills = select(
        Invoice.reference, Invoice.issue_day, Invoice.due_day, Invoice.state, Invoice.recipient_name,
        Invoice.recipient_address, Invoice.total_cents, Invoice.settled_cents,
    ).where(mine)  # fmt: skip
    lines = (
        select(Invoice.reference, InvoiceLine.day, InvoiceLine.label, InvoiceLine.amount_cents)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(mine)
        .order_by(Invoice.id, InvoiceLine.position)
    )
    paid = select(
        Payment.received_on, Payment.method, Payment.state, Payment.amount_cents, Payment.reference
    ).where(Payment.household_id.in_(of.households))
    given_back = (
        select(Refund.refunded_on, Refund.method, Refund.amount_cents, Refund.reason, Refund.reference)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.household_id.in_(of.households))
    )
    disputes = select(
        LineDispute.created_at, LineDispute.author_name, LineDispute.message, LineDispute.state,
        LineDispute.answer,
    ).where(LineDispute.household_id.in_(of.households))  # fmt: skip
    mandates = select(
        Mandate.reference, Mandate.creditor_name, Mandate.holder_name, Mandate.guardian_id, Mandate.iban,
        Mandate.iban_end, Mandate.signed_on, Mandate.state, Mandate.end_reason,
    ).where(Mandate.household_id.in_(of.households))  # fmt: skip
    debits = (
        select(
            Invoice.reference, DebitBatch.collection_day, Debit.amount_cents, Debit.state, Debit.reject_code
        )
        .join(Invoice, Invoice.id == Debit.invoice_id)
        .join(DebitBatch, DebitBatch.id == Debit.batch_id)
        .where(mine, DebitBatch.number.is_not(None))
    )
    return [
        (
            "Mandats de prélèvement",
            ("N°", "Créancier", "Titulaire", "IBAN", "Signé le", "État", "Motif de fin"),
            [(*row[:3], _account(*row[3:6], of, with_bank), *row[6:]) for row in _rows(mandates)],
        ),
        (
            "Prélèvements",
            ("Facture", "Prélevé le", "Montant", "État", "Code de la banque"),
            [(*row[:2], *_euros(row[2:3]), *row[3:]) for row in _rows(debits)],
        ),
        (
            "Remboursements",
            ("Le", "Moyen", "Montant", "Motif", "Référence"),
            [(*row[:2], *_euros(row[2:3]), *row[3:]) for row in _rows(given_back)],
        ),
        ("Contestations", ("Le", "Par", "Message", "État", "Réponse"), _rows(disputes)),
        (
            "Factures",
            ("N°", "Émise le", "À payer le", "État", "À", "Adresse", "Montant", "Réglé"),
            [(*row[:6], *_euros(row[6:])) for row in _rows(bills)],
        ),
        (
            "Lignes de factures",
            ("Facture", "Jour", "Objet", "Montant"),
            [(*row[:3], *_euros(row[3:])) for row in _rows(lines)],
        ),
        (
            "Paiements",
            ("Reçu le", "Moyen", "État", "Montant", "Référence"),
            [(*row[:3], *_euros(row[3:4]), row[4]) for row in _rows(paid)],
        ),
    ]


def _euros(cents: Sequence[int]) -> list[Decimal]:
    return [Decimal(one).scaleb(-2) for one in cents]


def _talks(of: Owner) -> list[Table]:
    written = (
        select(Conversation.subject, Message.sent_at, Message.author_name, Message.text)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.household_id.in_(of.households))
        .order_by(Conversation.id, Message.id)
    )
    mails = select(OutgoingMail.created_at, OutgoingMail.kind, OutgoingMail.subject, OutgoingMail.to_address)
    return [
        ("Messages", ("Sujet", "Le", "Auteur", "Message"), _rows(written)),
        (
            "Mails reçus",
            ("Le", "Mail", "Objet", "Adresse"),
            _rows(mails.where(OutgoingMail.user_id == of.user_id)) if of.user_id else [],
        ),
    ]


def _traces(of: Owner) -> list[Table]:
    accepted = (
        select(Consent.name, ConsentVersion.number, ConsentAnswer.is_accepted, ConsentAnswer.answered_at)
        .join(ConsentVersion, ConsentVersion.id == ConsentAnswer.version_id)
        .join(Consent, Consent.id == ConsentVersion.consent_id)
        .where(ConsentAnswer.guardian_id == of.guardian_id)
    )
    confirmed = select(
        Certification.certified_at, Certification.valid_until, Certification.author_name
    ).where(Certification.household_id.in_(of.households))
    readings = (
        select(Child.first_name, AuditEvent.at, StaffMember.first_name, StaffMember.last_name)
        .join(Child, Child.id == AuditEvent.object_id)
        .outerjoin(StaffMember, StaffMember.user_id == AuditEvent.actor_user_id)
        .where(
            AuditEvent.object_type == "child",
            AuditEvent.action == medical.READ,
            AuditEvent.object_id.in_(of.children),
        )
        .order_by(AuditEvent.id)
    )
    own = (
        select(AuditEvent.at, AuditEvent.channel, AuditEvent.action)
        .where(AuditEvent.actor_user_id == of.user_id)
        .order_by(AuditEvent.id)
    )
    acts = [(at, channel, action_words(action)) for at, channel, action in _rows(own)] if of.user_id else []
    return [
        ("Textes acceptés", ("Texte", "Version", "Accepté", "Le"), _rows(accepted)),
        ("Confirmations du dossier", ("Le", "Valable jusqu’au", "Par"), _rows(confirmed)),
        ("Lectures de la santé", ("Enfant", "Le", "Agent, prénom", "Agent, nom"), _rows(readings)),
        ("Ce que j’ai fait sur le portail", ("Le", "Par quel moyen", "Acte"), acts),
    ]


def belongs(guardian_id: int, household_ids: Collection[int]) -> bool:
    """Whether the adult is of one of these households. One statement."""
    query = select(HouseholdGuardian.guardian_id).where(
        HouseholdGuardian.guardian_id == guardian_id, HouseholdGuardian.household_id.in_(household_ids)
    )
    return db.session.scalar(query.limit(1)) is not None
