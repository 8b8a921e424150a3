"""For each kind of mail, the facts of an invented family, shaped as the services give them (S113)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import SimpleNamespace as Facts
from typing import Any

from domain.calendar import ONE_DAY
from domain.enums import BookingState, Channel, DocumentState, FileSection, LineState, MailKind, PaymentMethod
from domain.french import NBSP
from domain.invoice_reminders import DEFAULTS, ReminderBill, made_out
from queries.receipts import ChildParts, Part, Receipt
from services import mail_bodies

FIRST_NAME = "Camille"
REFERENCE = "R-7K3M-2QWD"
_CHILD, _FACILITY, _ACTIVITY, _MEAL = "Léo", "École Jules-Ferry", "Cantine", "Repas"


def example(kind: MailKind, now: datetime) -> Mapping[str, Any]:
    """What the templates of this kind read, with days around `now`."""
    return _EXAMPLES[kind](now, now.date() + timedelta(days=9))


def _receipt(now: datetime, day: date) -> Mapping[str, Any]:
    part = Part(
        title=_MEAL, facility=_FACILITY, days_text=f"{day:%d/%m} et {day + ONE_DAY:%d/%m}",
        words="Accepté", look="accepted", replaces="", reason="", price=f"6,40{NBSP}€",
        undo=f"Annulable jusqu’à la veille, 18{NBSP}h.", days=(),
    )  # fmt: skip
    return {
        "receipt": Receipt(
            reference=REFERENCE, author=f"{FIRST_NAME} EXEMPLE", channel=Channel.PORTAL, override_reason="",
            created_at=now, children=(ChildParts(0, _CHILD, (part,)),), total_cents=640, explanations=(),
            states=frozenset({LineState.ACCEPTED}), pending=0, waiting=0, unchanged=(), wishes=False,
            allotted_period_ids=(),
        )
    }  # fmt: skip


def _allotment(_now: datetime, day: date) -> Mapping[str, Any]:
    won = Facts(day=day, activity="Mercredis", state=BookingState.ACCEPTED, reason="Rang 3 sur 24 places.")
    result = Facts(period="Mercredis de janvier", facility=_FACILITY, children=((_CHILD, (won,)),))
    return {"result": result, "period_id": 1}


def _closure(_now: datetime, day: date) -> Mapping[str, Any]:
    part = Facts(child=_CHILD, activity=_ACTIVITY, presence=_MEAL, days=(day,), credit_cents=320)
    return {
        "facility": _FACILITY, "reason": "chauffage en panne", "is_lifted": False, "parts": (part,),
        "credit_cents": 320,
    }  # fmt: skip


def _absence(_now: datetime, day: date) -> Mapping[str, Any]:
    told = Facts(day=day, presence=_MEAL, activity=_ACTIVITY, owed_cents=0, explanation=())
    return {"first_name": _CHILD, "child_id": 1, "category_id": 1, "absences": (told,)}


def _swap(_now: datetime, day: date) -> Mapping[str, Any]:
    return {
        "step": "proposed", "first_name": _CHILD, "other": "Dominique EXEMPLE", "gained": f"le {day:%d/%m}",
        "given": "", "came": "", "left": "", "swap_id": 1, "child_id": 1,
    }  # fmt: skip


def _change(now: datetime, _day: date) -> Mapping[str, Any]:
    line = Facts(
        label="Téléphone mobile", value="06 12 34 56 78", is_accepted=True, reason="", is_sealed=False
    )
    return {
        "reference": REFERENCE, "declared_at": now, "section": FileSection.ADULT_CONTACT, "child_name": "",
        "lines": (line,), "page": ("household.account", {}),
    }  # fmt: skip


def _document(_now: datetime, day: date) -> Mapping[str, Any]:
    document = Facts(state=DocumentState.ACCEPTED, valid_until=day)
    return {"document": document, "category": "Assurance scolaire", "owner": _CHILD, "reason": ""}


def _enrolment(_now: datetime, _day: date) -> Mapping[str, Any]:
    request = Facts(
        reference=REFERENCE, state="accepted", child=_CHILD, activity=_ACTIVITY, facility=_FACILITY, reason=""
    )
    return {"request": request}


def _reminder(_now: datetime, day: date) -> Mapping[str, Any]:
    bill = ReminderBill(
        f"EXEMPLE {FIRST_NAME}", "F-2027-000123", day.replace(day=1), 4560, day, day, "Régie périscolaire"
    )
    return {"letter": made_out(DEFAULTS[1], bill, day), "invoice_id": 1}


def _place(now: datetime, day: date) -> Mapping[str, Any]:
    return {
        "first_name": _CHILD, "activity": _ACTIVITY, "presence": _MEAL, "day": day,
        "expires_at": now + ONE_DAY, "booking_id": 1, "reason": "La limite de réservation est passée.",
    }  # fmt: skip


def _paid(_now: datetime, day: date) -> Mapping[str, Any]:
    return {
        "amount_cents": 4560, "method": PaymentMethod.ONLINE_CARD, "is_trial": False, "received_on": day,
        "references": ("F-2027-000123",), "advance_cents": 0, "key": "A" * 32,
    }  # fmt: skip


def _bounced(_now: datetime, day: date) -> Mapping[str, Any]:
    return {
        "amount_cents": 4560, "method": PaymentMethod.CHEQUE, "received_on": day, "reason": "sans provision"
    }  # fmt: skip


def _debit(_now: datetime, day: date) -> Mapping[str, Any]:
    return {
        "amount_cents": 4560, "reference": "F-2027-000123", "collection_day": day, "invoice_id": 1,
        "creditor_name": "Régie périscolaire", "mandate": "CANT-2027-7K3M2QWD", "iban_end": "0189",
    }  # fmt: skip


def _mandate(_now: datetime, _day: date) -> Mapping[str, Any]:
    return {
        "is_active": True, "mandate": "CANT-2027-7K3M2QWD", "iban_end": "0189",
        "creditor_name": "Régie périscolaire", "reason": "",
    }  # fmt: skip


def _dispute(_now: datetime, _day: date) -> Mapping[str, Any]:
    return {
        "line": "Repas du lundi 7", "reference": "F-2027-000123", "invoice_id": 1, "is_accepted": True,
        "answer": "Vous avez raison, un avoir va suivre.", "household": "EXEMPLE", "amount_cents": 320,
        "dispute_id": 1,
    }  # fmt: skip


def _usual(now: datetime, day: date) -> Mapping[str, Any]:
    place = Facts(facility=_FACILITY, first_names=(_CHILD,), until=now + ONE_DAY)
    return {"week": day, "places": (place,)}


def _secret(now: datetime, _day: date) -> Mapping[str, Any]:
    return {"first_name": FIRST_NAME, "secret": "EXEMPLE", "asked_at": now}


def _account(now: datetime, _day: date) -> Mapping[str, Any]:
    return {
        "first_name": FIRST_NAME, "at": now, "changed_at": now, "opened_at": now,
        "new_email": "nouvelle@exemple.fr",
        "change": "set", "device": "Firefox sur Android",
    }  # fmt: skip


def _announcement(_now: datetime, _day: date) -> Mapping[str, Any]:
    return {
        "subject": "Inscriptions de la rentrée", "words": "Les inscriptions ouvrent lundi.",
        "unsubscribe": mail_bodies.link("auth.sign_in"),
    }  # fmt: skip


_EXAMPLES: Mapping[MailKind, Callable[[datetime, date], Mapping[str, Any]]] = {
    MailKind.ACTIVATION: _secret,
    MailKind.PROVISIONAL_PASSWORD: _secret,
    MailKind.EMAIL_CHANGE: _secret,
    MailKind.PASSWORD_CHANGED: _account,
    MailKind.EMAIL_CHANGE_NOTICE: _account,
    MailKind.EMAIL_CHANGED: _account,
    MailKind.SECOND_FACTOR_CHANGED: _account,
    MailKind.NEW_DEVICE: _account,
    MailKind.BOOKING_RECEIPT: _receipt,
    MailKind.BOOKING_DECISION: _receipt,
    MailKind.CHANGE_DECISION: _change,
    MailKind.DOCUMENT_DECISION: _document,
    MailKind.DOCUMENT_EXPIRY: _document,
    MailKind.PLACE_OFFER: _place,
    MailKind.PLACE_LOST: _place,
    MailKind.CLOSURE: _closure,
    MailKind.ABSENCE_RECEIPT: _absence,
    MailKind.ALLOTMENT_RESULT: _allotment,
    MailKind.ENROLMENT_DECISION: _enrolment,
    MailKind.CUSTODY_SWAP: _swap,
    MailKind.BOOKING_REMINDER: _usual,
    MailKind.INVOICE_ISSUED: lambda _now, day: {
        "is_credit_note": False, "month": day.replace(day=1), "due_day": day, "debit_day": None
    },
    MailKind.INVOICE_REMINDER: _reminder,
    MailKind.DISPUTE_DECISION: _dispute,
    MailKind.DISPUTE_RECEIVED: _dispute,
    MailKind.PAYMENT_RECEIPT: _paid,
    MailKind.PAYMENT_BOUNCED: _bounced,
    MailKind.DEBIT_NOTICE: _debit,
    MailKind.DEBIT_WITHDRAWN: _debit,
    MailKind.MANDATE_CHANGED: _mandate,
    MailKind.QUOTIENT_WARNING: lambda _now, _day: {"number": 1, "most": 3},
    MailKind.ERASURE_NOTICE: lambda _now, day: {
        "last_day": day.replace(year=day.year - 2), "goes_on": day, "accounting_years": 10
    },
    MailKind.MESSAGE_RECEIVED: lambda _now, _day: {"reference": REFERENCE},
    MailKind.SERVICE_MESSAGE: lambda _now, _day: {
        "reference": REFERENCE, "household": "EXEMPLE", "facility": _FACILITY
    },
    MailKind.ANNOUNCEMENT: _announcement,
    MailKind.ATTENTION: lambda _now, _day: {"problems": ("La dernière sauvegarde a échoué.",)},
}  # fmt: skip
