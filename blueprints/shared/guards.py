"""Who may call a route. Every route carries exactly one guard; `app.py` refuses to start otherwise.

A guard answers 404 where the very existence of a page is none of the visitor's business, sends
strangers to sign in, and keeps a session that waits for a new password or for a code on its one page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, current_app, redirect, request, url_for
from flask_login import current_user

from blueprints.shared import kept_forms
from blueprints.shared.answers import is_htmx
from domain.enums import SessionKind
from domain.permissions import Permission

View = Callable[..., Any]
PUBLIC = "public"


def sign_in_first() -> Any:
    """Send to the sign-in page, remembering where the visitor was going (S25)."""
    if kept_forms.is_kept():
        return kept_forms.keep(redirect(url_for("auth.sign_in", suite=request.path), code=303))
    wanted = request.full_path.rstrip("?") if request.method == "GET" else page_of_the_form()
    address = url_for("auth.sign_in", suite=wanted)
    if is_htmx():
        return "", 401, {"HX-Redirect": url_for("auth.sign_in", suite=page_of_the_form())}
    return redirect(address, code=303)


def page_of_the_form() -> str | None:
    """The page of ours that held the form, from the Referer; None when it is not ours."""
    referrer = request.referrer or ""
    root = request.host_url
    path = "/" + referrer.removeprefix(root)
    return path if referrer.startswith(root) and not path.startswith("//") else None


def waiting_room() -> str | None:
    """The endpoint that a session which is not full yet is kept to; None for a full one."""
    if current_user.is_full:
        return None
    if current_user.session_kind is SessionKind.RESTRICTED:
        return "auth.choose_password"
    return "auth.code" if current_user.has_factor else "account.install_code"


def _go_first(endpoint: str) -> Any:
    address = url_for(endpoint)
    return ("", 401, {"HX-Redirect": address}) if is_htmx() else redirect(address, code=303)


def _guard(name: str, check: Callable[[], Any]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = check()
            return view(*args, **kwargs) if refusal is None else refusal

        guarded.guard = name  # type: ignore[attr-defined]
        return guarded

    return decorate


def _signed_in() -> Any:
    if not current_user.is_authenticated:
        return sign_in_first()
    room = waiting_room()
    return _go_first(room) if room else None


def _parent() -> Any:
    refusal = _signed_in()
    if refusal is None and current_user.is_staff:
        abort(404)
    return refusal


def _kept_to(endpoint: str) -> Callable[[], Any]:
    """Only the sessions that are kept to this page; everybody else has nothing to do there."""

    def check() -> Any:
        if not current_user.is_authenticated:
            return sign_in_first()
        return None if waiting_room() == endpoint else redirect(url_for("auth.home"), code=303)

    return check


def _own_account() -> Any:
    """What one does about one's own access, whoever one is: never an agent who looks at a family's portal."""
    refusal = _signed_in()
    if refusal is None and current_user.observer is not None:
        abort(404)
    return refusal


def _installs_code() -> Any:
    """One's own account, also before the first code of who must have one."""
    if current_user.is_authenticated and waiting_room() == "account.install_code":
        return None
    return _own_account()


def _observer() -> Any:
    refusal = _signed_in()
    if refusal is None and current_user.observer is None:
        abort(404)
    return refusal


def _demo() -> Any:
    return None if current_app.config["DEMO"] else abort(404)


public = _guard(PUBLIC, lambda: None)
signed_in = _guard("signed_in", _signed_in)
any_session = _guard("any_session", lambda: None if current_user.is_authenticated else sign_in_first())
restricted = _guard("restricted", _kept_to("auth.choose_password"))
code_awaited = _guard("code_awaited", _kept_to("auth.code"))
own_account = _guard("own_account", _own_account)
installs_code = _guard("installs_code", _installs_code)
parent = _guard("parent", _parent)
observer = _guard("observer", _observer)
demo_only = _guard("demo", _demo)


def staff(permission: Permission) -> Callable[[View], View]:
    """A staff member whose role gives `permission`; families get 404, other roles 403."""

    def check() -> Any:
        refusal = _signed_in()
        if refusal is not None:
            return refusal
        if not current_user.is_staff:
            abort(404)
        return None if current_user.may(permission) else abort(403)

    return _guard(f"staff:{permission}", check)
