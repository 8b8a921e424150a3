"""Headers of every answer (security 2.4): strict CSP without `unsafe-*`, no copy of private pages."""

from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

CONTENT_SECURITY_POLICY = (  # « Payer en ligne » leads to the payment page: `form-action` is completed
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The payment service posts there, without a session: nothing that it says is believed. A mail reader posts to
# the address of its own mail, which refuses announcements and does nothing else (RFC 8058).
OPEN_TO_OTHER_SITES = frozenset(
    {"invoices.payment_notified", "invoices.payment_return", "public.refuse_announcements"}
)


@cache
def headers_for(payment_service: str) -> dict[str, str]:
    """The headers of pages, which send forms to the portal and to the page of this payment service, and have
    a service worker (R31)."""
    parts = urlsplit(payment_service)
    allowed = f"worker-src 'self'; form-action 'self' {parts.scheme}://{parts.netloc}"
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", allowed)
    return HEADERS | {"Content-Security-Policy": policy}


def init_app(app: Flask) -> None:
    secure = app.config["SESSION_COOKIE_SECURE"]

    @app.before_request
    def refuse_other_sites() -> None:
        from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
        is_open = request.method in SAFE_METHODS or request.endpoint in OPEN_TO_OTHER_SITES
        if from_elsewhere and not is_open:
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers_for(app.config["PAYFIP_URL"]).items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response
