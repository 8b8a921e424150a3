"""The règlement of the town through time: a draft, versions in force, one part changed from a date (P15).

A version that has started stays as it is, for it may have refused or priced something; what starts in the
future may be replaced or withdrawn. A text with an error is refused whole, with every fault, and the version
in force stays.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import ONE_DAY, paris_now
from domain.enums import HolidayVariant, SchoolZone
from domain.errors import BusinessError, NotFound, Refused, RuleError
from domain.french import plural
from domain.rulebook import rulebook
from domain.rulebook.amendments import USUAL_SCHOOL_WEEKDAYS, Amendment, Restoration
from domain.rulebook.history import timeline, tree_on
from domain.rulebook.tree import Fault, Faults, Tree
from domain.settings import settings_from_rows
from extensions import db
from models import Activity, RulebookVersion, Setting
from services import records
from services.accounts import Author
from services.transaction import write_transaction


class BadRulebook(BusinessError):
    """A text that cannot be a règlement; `faults` holds everything that is wrong with it, in order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = plural(len(faults), "erreur", "erreurs")
        super().__init__("bad_rulebook", f"Ce règlement contient {count}\u00a0: rien n’a été changé.")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that reads: its tree, the name it gives itself, and what it leaves open."""

    text: str
    tree: dict[str, Tree]
    name: str
    warnings: tuple[Fault, ...]

    def columns(self) -> dict[str, Any]:
        fingerprint = hashlib.sha256(self.text.encode()).hexdigest()
        return {"text": self.text, "tree": self.tree, "name": self.name, "fingerprint": fingerprint}


def check(text: str) -> Checked:
    """Read a text as a règlement. Raises BadRulebook with every error."""
    from adapters import rulebook_files  # the YAML library is loaded when somebody writes a règlement

    faults = Faults()
    text = text.replace("\r\n", "\n")
    root = rulebook_files.parse(text, faults)
    book = None if root is None else rulebook.read(root, rulebook_files, faults)
    if book is None:
        raise BadRulebook(faults.errors)
    return Checked(text, root.bare(), book.identity.name[:120], tuple(faults.warnings))


# --- The draft, and whole versions --------------------------------------------------------------------------


def save_draft(text: str, *, author: Author, author_name: str, now: datetime) -> None:
    """Write the draft, or start it. Raises BadRulebook, the former draft kept."""
    columns = check(text).columns() | {"author_name": author_name, "updated_at": now}
    with write_transaction() as session:
        draft = _draft(session)
        if draft is None:
            records.add(session, RulebookVersion(is_draft=True, **columns), author=author, now=now)
        else:
            records.change(session, draft, columns, author=author, now=now)


def discard_draft(*, author: Author, now: datetime) -> None:
    """Throw the draft away. Raises NotFound without one."""
    with write_transaction() as session:
        records.remove(session, _required_draft(session), author=author, now=now)


def publish_draft(valid_from: date, fingerprint: str, *, author: Author, now: datetime) -> int:
    """Put the draft in force from `valid_from`, as it was when its changes were shown.

    Raises NotFound without a draft, Refused `draft_changed` (somebody edited it meanwhile), `in_the_past` or
    `in_force`.
    """
    with write_transaction() as session:
        draft = _required_draft(session)
        if draft.fingerprint != fingerprint:
            raise Refused(
                "draft_changed",
                "Le brouillon a changé entre-temps\u00a0: relisez ce qui change avant de publier.",
            )
        versions = _versions(session)
        _refuse_past(valid_from, [one.valid_from for one in versions], paris_now(now).date())
        columns = _content(draft) | {"author_name": draft.author_name, "updated_at": now}
        records.remove(session, draft, author=author, now=now)
        return _start(session, versions, valid_from, columns, author, now).id


def withdraw(version_id: int, *, author: Author, now: datetime) -> None:
    """Remove a version that has not started; the one before goes on. Raises Refused `in_force`, NotFound."""
    with write_transaction() as session:
        row = records.get(session, RulebookVersion, version_id)
        if row.is_draft:
            raise NotFound
        _refuse_started(row.valid_from, paris_now(now).date())
        _remove(session, row, _versions(session), author, now)


# --- One part from a date -----------------------------------------------------------------------------------


def amend(amendment: Amendment, valid_from: date, *, author: Author, author_name: str, now: datetime) -> None:
    """Change one part of the règlement from `valid_from`, until this part changes again.

    The first one of a town starts from a text that says nothing yet. Raises BadRulebook, Refused
    `in_the_past`, `in_force` or `nothing_changes`, and whatever `write` refuses.
    """
    with write_transaction() as session:
        versions = _versions(session)
        said = [one for one in timeline(versions, amendment.part) if one.part is not None]
        _refuse_past(valid_from, [one.first_day for one in said], paris_now(now).date())
        tree = tree_on(versions, valid_from)
        former = None if tree is None else amendment.part(tree)
        if tree is not None and amendment.part(amendment.write(tree)) == former:
            raise Refused("nothing_changes", "Cette version dirait la même chose que celle de ce jour-là.")
        stamp = {"author_name": author_name, "updated_at": now}
        if not any(version.valid_from == valid_from for version in versions):
            before = _before(versions, valid_from)
            text = _first_text(session) if before is None else before.text
            _start(session, versions, valid_from, check(text).columns() | stamp, author, now)
        for version in [one for one in _versions(session) if one.valid_from >= valid_from]:
            if amendment.part(version.tree) != former:
                break
            _rewrite(session, version, amendment.write, stamp, author, now)


def withdraw_amendment(
    restoration: Restoration, valid_from: date, *, author: Author, author_name: str, now: datetime
) -> None:
    """Take back a change that starts on `valid_from`, in the future; what was before goes on.

    Raises Refused `in_force`, NotFound when this part does not change on that day.
    """
    with write_transaction() as session:
        _refuse_started(valid_from, paris_now(now).date())
        versions = _versions(session)
        stretches = timeline(versions, restoration.part)
        place = next((rank for rank, one in enumerate(stretches) if one.first_day == valid_from), None)
        if place is None:
            raise NotFound
        former = stretches[place - 1].part if place else None
        stamp = {"author_name": author_name, "updated_at": now}
        for version in [one for one in versions if one.valid_from >= valid_from]:
            if restoration.part(version.tree) != stretches[place].part:
                break
            _rewrite(session, version, lambda tree: restoration.write(tree, former), stamp, author, now)
        _merge_repeated(session, restoration, author, now)


def _rewrite(
    session: Session,
    version: RulebookVersion,
    write: Callable[[dict[str, Tree]], dict[str, Tree]],
    stamp: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> None:
    """The same text, but for the sections that `write` changes."""
    from adapters import rulebook_writer  # the YAML library, only for who writes a règlement

    text = rulebook_writer.updated(version.text, write(version.tree))
    records.change(session, version, check(text).columns() | stamp, author=author, now=now)


def first_text() -> str:
    """The text that a town without règlement starts from."""
    return _first_text(db.session())


def _first_text(session: Session) -> str:
    """A règlement that says nothing yet of the town's activities."""
    from adapters import rulebook_writer

    settings = settings_from_rows(dict(session.execute(select(Setting.key, Setting.value)).all()))
    activities = session.execute(select(Activity.rule_name, Activity.name).order_by(Activity.id)).all()
    return rulebook_writer.skeleton(
        settings.name,
        SchoolZone(settings.school_zone),
        HolidayVariant(settings.holiday_variant),
        USUAL_SCHOOL_WEEKDAYS,
        [(name, label) for name, label in activities],
    )


# --- Inside a transaction -----------------------------------------------------------------------------------


def _versions(session: Session) -> Sequence[RulebookVersion]:
    """Every published version, in order, locked where the engine can."""
    return session.scalars(
        select(RulebookVersion)
        .where(RulebookVersion.is_draft.is_(False))
        .order_by(RulebookVersion.valid_from)
        .with_for_update()
    ).all()


def _draft(session: Session) -> RulebookVersion | None:
    return session.scalars(
        select(RulebookVersion).where(RulebookVersion.is_draft.is_(True)).with_for_update()
    ).first()


def _required_draft(session: Session) -> RulebookVersion:
    draft = _draft(session)
    if draft is None:
        raise NotFound("Il n’y a pas de brouillon du règlement. Commencez-en un.")
    return draft


def _content(row: RulebookVersion) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("text", "tree", "name", "fingerprint")}


def _start(
    session: Session,
    versions: Sequence[RulebookVersion],
    valid_from: date,
    columns: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> RulebookVersion:
    """A version that starts on `valid_from` and holds until the next one; the same day is replaced."""
    same = next((version for version in versions if version.valid_from == valid_from), None)
    if same is not None:
        records.change(session, same, columns, author=author, now=now)
        return same
    former = _before(versions, valid_from)
    following = next((version for version in versions if version.valid_from > valid_from), None)
    if former is not None:
        records.change(session, former, {"valid_to": valid_from - ONE_DAY}, author=author, now=now)
    last_day = None if following is None else following.valid_from - ONE_DAY
    row = RulebookVersion(valid_from=valid_from, valid_to=last_day, **columns)
    records.add(session, row, author=author, now=now)
    return row


def _remove(
    session: Session,
    row: RulebookVersion,
    versions: Sequence[RulebookVersion],
    author: Author,
    now: datetime,
) -> None:
    former, valid_to = _before(versions, row.valid_from), row.valid_to
    records.remove(session, row, author=author, now=now)
    if former is not None:
        records.change(session, former, {"valid_to": valid_to}, author=author, now=now)


def _merge_repeated(session: Session, restoration: Restoration, author: Author, now: datetime) -> None:
    """Remove the versions to come that say what the one before says already."""
    today = paris_now(now).date()
    for row in [one for one in _versions(session) if one.valid_from > today]:
        versions = _versions(session)
        former = _before(versions, row.valid_from)
        if former is not None and _says_the_same(former, row, restoration):
            _remove(session, row, versions, author, now)


def _says_the_same(former: RulebookVersion, row: RulebookVersion, restoration: Restoration) -> bool:
    """Whether two versions are equal once the restored part is written in the same way in both."""
    if former.tree == row.tree:
        return True
    try:
        return restoration.write(former.tree, restoration.part(former.tree)) == row.tree
    except RuleError:
        return False


def _before(versions: Sequence[RulebookVersion], day: date) -> RulebookVersion | None:
    """The last version that starts before `day`."""
    return next((version for version in reversed(versions) if version.valid_from < day), None)


def _refuse_past(valid_from: date, starts: Sequence[date], today: date) -> None:
    """The past is settled as soon as one version has started; before that any first day will do."""
    started = [start for start in starts if start <= today]
    if not started:
        return
    if valid_from in started:
        raise Refused(
            "in_force",
            "Une version en vigueur commence déjà ce jour-là et ne se réécrit pas\u00a0: choisissez une date "
            "à partir de demain.",
        )
    if valid_from < today:
        raise Refused(
            "in_the_past",
            "Une version est déjà en vigueur\u00a0: la nouvelle commence aujourd’hui au plus tôt.",
        )


def _refuse_started(valid_from: date, today: date) -> None:
    if valid_from <= today:
        raise Refused(
            "in_force",
            "Cette version est en vigueur ou l’a été\u00a0: elle reste dans l’historique. "
            "Publiez une nouvelle version.",
        )
