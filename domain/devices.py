"""What a browser calls itself, in words that its owner recognises: « Firefox sur Android »."""

from domain.french import NBSP

LONGEST_HEADER = 400
UNKNOWN = "Navigateur inconnu"
# The first sign found names it: the later ones are also said by those that came after them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """The browser and its system as far as the User-Agent tells them; « Navigateur inconnu » otherwise."""
    header = user_agent[:LONGEST_HEADER]
    browser, system = (
        next((name for sign, name in known if sign in header), "") for known in (_BROWSERS, _SYSTEMS)
    )
    if not browser and not system:
        return UNKNOWN
    return f"{browser or 'Navigateur'} sur{NBSP}{system}" if system else browser
