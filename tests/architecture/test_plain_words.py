"""Families read plain words: no technical word on their pages, in their mails or in a refusal (S120)."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest
from bs4 import BeautifulSoup

from tests.architecture.sources import ROOT, Module, parse, product, templates

TECHNICAL = (
    "API", "algorithme", "authentification", "authentifié", "back-office", "backend", "base de données",
    "bug", "cache", "cookies?", "CSRF", "CSS", "débogage", "endpoint", "entité", "exception",
    "erreur [45]\\d\\d", "erreur interne", "erreur système", "fichier journal", "formulaires? invalides?",
    "frontend", "hash", "HTML", "HTTPS?", "hyperlien", "ID", "identifiants? technique", "JavaScript",
    "jetons?", "JSON", "login", "logs?", "métadonnées", "null", "occurrence", "paramètres?", "payload",
    "ping", "plugin", "pop-?up", "proxy", "redirection", "requêtes?", "scripts?", "serveurs?", "sessions?",
    "SMTP", "SQL", "stack", "statut HTTP", "timeout", "tokens?", "upload", "URL", "UUID", "valeur invalide",
    "valeur nulle", "variable", "webmaster", "workflow", "XML",
)  # fmt: skip
# Words of the list that are plain where they stand, or that no family reads.
ALLOWED = {
    "Session complète": "a stay at a leisure centre from its first day to its last",
    "HTML, CSS et JavaScript": "a statement of accessibility must name the techniques (RGAA)",
}
PATTERN = re.compile(rf"(?<![\w@./-])(?:{'|'.join(TECHNICAL)})(?![\w/-])", re.IGNORECASE)
# What the staff and the administrator read may name the things of their trade.
STAFF_TEMPLATES = ("staff/", "demo/", "layouts/staff.html", "auth/first_administrator", "mails/trial")
STAFF_CODE = (
    "models",
    "blueprints.staff",
    "blueprints.demo",
    "services.demo",
    "domain.rulebook",
    "adapters",
    "exports",
    "cli",
    "safety_cli",
)
STAFF_SERVICES = {
    "backups", "calendar", "content", "database_moves", "facilities", "mail_server", "mail_setup", "openings",
    "restores", "rules", "self_check", "servers", "staff_users", "town", "upgrades",
}  # fmt: skip
SPOKEN = ("alt", "aria-label", "placeholder", "title")
# A sentence: two words at least, so that names of columns and routes are none.
SENTENCE = re.compile(r"[A-Za-zÀ-ÿ’]+[\s\u00a0]+[A-Za-zÀ-ÿ«]")
JS_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
JINJA_STRING = re.compile(r"""(["'])((?:(?!\1).)*)\1""")


def technical_words(named: Iterable[tuple[str, str]]) -> list[str]:
    excused = ALLOWED
    return [
        f"{name}: « {found[0]} » in {text.strip()[:90]!r}"
        for name, text in named
        if (found := PATTERN.search(text)) and not any(words in text for words in excused)
    ]


def said_by_templates(pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The words of each page or mail, what screen readers hear, and the sentences that its macros receive."""
    for name, text in pages.items():
        if name.startswith(STAFF_TEMPLATES):
            continue
        for code in JINJA.findall(text):
            if not code.startswith("{#"):
                yield from ((name, one[1]) for one in JINJA_STRING.findall(code) if SENTENCE.search(one[1]))
        plain = JINJA.sub(" … ", text)
        if not name.endswith(".html"):
            yield name, plain
            continue
        soup = BeautifulSoup(plain, "html.parser")
        yield from ((name, words) for words in soup.stripped_strings)
        yield from ((name, tag[spoken]) for spoken in SPOKEN for tag in soup.find_all(attrs={spoken: True}))


def said_by_code(modules: Iterable[Module]) -> Iterator[tuple[str, str]]:
    """The sentences written in the code that families meet, without what is for developers."""
    for module in modules:
        if module.name.startswith(STAFF_CODE) or module.name.rpartition("services.")[2] in STAFF_SERVICES:
            continue
        silent = set(_documentation(module.tree)) | set(_faults_of_developers(module.tree))
        for node in ast.walk(module.tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in silent and SENTENCE.search(node.value):
                yield f"{module.name}:{node.lineno}", node.value


def _documentation(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def _faults_of_developers(tree: ast.AST) -> Iterator[int]:
    """Sentences of ValueError and its like: a family reads « Une erreur est survenue » instead."""
    for node in ast.walk(tree):
        raised = getattr(getattr(node.exc, "func", None), "id", "") if isinstance(node, ast.Raise) else ""
        if raised.endswith(("Error", "Transaction")):
            yield from (id(one) for one in ast.walk(node.exc) if isinstance(one, ast.Constant))


def said_by_scripts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "static" / "js").glob("*.js")):
        found = JS_STRING.findall(path.read_text(encoding="utf-8"))
        yield from ((path.name, words) for words in found if SENTENCE.search(words))


def test_pages_and_mails_of_families_use_plain_words():
    assert technical_words(said_by_templates(templates())) == []


def test_sentences_of_the_code_use_plain_words():
    assert technical_words(said_by_code(product())) == []


def test_sentences_of_the_scripts_use_plain_words():
    assert technical_words(said_by_scripts()) == []


def test_every_excuse_is_still_needed():
    said = [
        text for _, text in (*said_by_templates(templates()), *said_by_code(product()), *said_by_scripts())
    ]
    assert [words for words in ALLOWED if not any(words in text for text in said)] == []


@pytest.mark.parametrize(
    "page",
    [
        "<p>La session a expiré.</p>",
        "<p>Erreur 404</p>",
        '<button aria-label="Recharger le serveur">x</button>',
        "{{ alert('Formulaire invalide, recommencez') }}",
        "<p>Le jeton de sécurité manque.</p>",
    ],
)
def test_a_technical_word_on_a_page_is_seen(page):
    assert technical_words(said_by_templates({"home/index.html": page}))
    assert not technical_words(said_by_templates({"staff/users/index.html": page}))


def test_a_technical_word_in_a_refusal_is_seen():
    planted = parse("services.bookings", 'raise Refused("x", "La session est terminée.")')
    assert technical_words(said_by_code([planted]))


def test_plain_words_pass():
    page = "<p>{# session #}Reconnectez-vous : {{ session.user }} l’identité, les journées.</p>"
    assert technical_words(said_by_templates({"home/index.html": page})) == []
    for source in (
        '"""The session of a server."""',
        'raise ValueError("No token for this session.")',
        'x = "session"',
    ):
        assert technical_words(said_by_code([parse("services.bookings", source)])) == []
