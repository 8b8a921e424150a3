"""Texts that each adult accepts: published by version, never changed, answered by each adult (R06)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import NotFound, Refused, Stale
from models import Consent, ConsentAnswer, ConsentVersion, HouseholdGuardian
from services import audit, records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class ConsentData:
    """`is_required`: who has not accepted it cannot book."""

    name: str
    is_required: bool = True
    position: int = 0
    is_active: bool = True


def create(data: ConsentData, text: str, *, author: Author, now: datetime) -> int:
    """Add a text to accept and publish its first version; returns its id. Raises Refused `name_taken`."""
    with write_transaction() as session:
        consent_id = records.add(
            session, Consent(**asdict(data)), author=author, now=now, taken=_name_taken()
        )
        _publish(session, consent_id, 1, text, author, now)
        return consent_id


def change(consent_id: int, data: ConsentData, *, author: Author, now: datetime) -> None:
    """Rename, order, require or withdraw a text; its versions stay. Raises NotFound, Refused `name_taken`."""
    with write_transaction() as session:
        row = records.get(session, Consent, consent_id)
        records.change(session, row, asdict(data), author=author, now=now, taken=_name_taken())


def publish(consent_id: int, text: str, *, seen: int, author: Author, now: datetime) -> None:
    """Publish a new version, which every adult is asked to accept. `seen` is the number it replaces.

    Raises NotFound, Stale when a colleague published meanwhile, Refused `same_text`.
    """
    with write_transaction() as session:
        records.get(session, Consent, consent_id)
        last = session.scalar(
            select(ConsentVersion)
            .where(ConsentVersion.consent_id == consent_id)
            .order_by(ConsentVersion.number.desc())
            .limit(1)
        )
        if last is None or last.number != seen:
            raise Stale("Une autre version vient d’être publiée. Relisez-la avant de publier la vôtre.")
        if last.text == text:
            raise Refused("same_text", "Ce texte est celui de la version publiée. Modifiez-le, ou annulez.")
        _publish(session, consent_id, last.number + 1, text, author, now)


def answer(version_id: int, guardian_id: int, *, is_accepted: bool, author: Author, now: datetime) -> str:
    """Note the answer of an adult to the last version of a text, and return the name of the text.

    The same answer again adds nothing. Raises NotFound, Stale when a newer version exists, Refused `required`
    when a required text is refused.
    """
    with write_transaction() as session:
        version = session.get(ConsentVersion, version_id)
        consent = session.get(Consent, version.consent_id) if version else None
        if version is None or consent is None or not consent.is_active:
            raise NotFound
        last = select(func.max(ConsentVersion.number)).where(ConsentVersion.consent_id == consent.id)
        if session.scalar(last) != version.number:
            raise Stale("Une nouvelle version de ce texte vient d’être publiée. Lisez-la avant de répondre.")
        if consent.is_required and not is_accepted:
            raise Refused(
                "required", "Ce texte est nécessaire pour réserver\u00a0: il ne peut pas être refusé ici."
            )
        former = session.scalar(
            select(ConsentAnswer.is_accepted)
            .where(ConsentAnswer.version_id == version_id, ConsentAnswer.guardian_id == guardian_id)
            .order_by(ConsentAnswer.id.desc())
            .limit(1)
        )
        if former is not is_accepted:
            _add_answer(session, version, guardian_id, is_accepted, author, now)
        return consent.name


def _add_answer(
    session: Session,
    version: ConsentVersion,
    guardian_id: int,
    is_accepted: bool,
    author: Author,
    now: datetime,
) -> None:
    row = ConsentAnswer(
        version_id=version.id,
        guardian_id=guardian_id,
        is_accepted=is_accepted,
        channel=author.channel,
        answered_at=now,
    )
    session.add(row)
    session.flush()
    homes = select(HouseholdGuardian.household_id).where(HouseholdGuardian.guardian_id == guardian_id)
    for household_id in session.scalars(homes.order_by(HouseholdGuardian.household_id)).all():
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="consent_answer.given",
            object_type="consent_answer",
            object_id=row.id,
            household_id=household_id,
            after={
                "consent_id": version.consent_id,
                "version": version.number,
                "guardian_id": guardian_id,
                "is_accepted": is_accepted,
            },
        )


def _publish(
    session: Session, consent_id: int, number: int, text: str, author: Author, now: datetime
) -> None:
    version = ConsentVersion(consent_id=consent_id, number=number, text=text, published_at=now)
    session.add(version)
    session.flush()
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="consent_version.published",
        object_type="consent_version",
        object_id=version.id,
        after={"consent_id": consent_id, "version": number},
    )


def _name_taken() -> Refused:
    return Refused("name_taken", "Un autre texte porte déjà ce nom. Choisissez un autre nom.")
