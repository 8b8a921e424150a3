"""One word a concept: the glossary lists every model and every closed list, and nothing else."""

import ast
import re
from pathlib import Path

from extensions import db
from tests.architecture.sources import ROOT, product

GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?P<term>[^|]+) \| `(?P<code>\w+)` \| (?P<meaning>[^|]+) \|$", re.MULTILINE)
ENUMS = {"Enum", "StrEnum", "IntEnum", "Flag"}


def explained(path: Path = GLOSSARY) -> list[str]:
    return [row["code"] for row in ROW.finditer(path.read_text(encoding="utf-8"))]


# The format of the rules has its own vocabulary, explained in docs/reglement-format.md.
ELSEWHERE = "domain.rulebook"


def concepts() -> set[str]:
    """The models, and the enumerations of the domain."""
    models = {mapper.class_.__name__ for mapper in db.Model.registry.mappers}
    enums = {
        node.name
        for module in product()
        if module.layer == "domain" and not module.name.startswith(ELSEWHERE)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and ENUMS & {getattr(base, "id", None) for base in node.bases}
    }
    return models | enums


def test_every_model_and_closed_list_is_explained(app):
    assert concepts() - set(explained()) == set()


def test_the_glossary_speaks_of_nothing_that_is_gone(app):
    assert set(explained()) - concepts() == set()


def test_each_word_is_explained_once():
    words = explained()
    assert len(words) == len(set(words))


def test_a_missing_word_is_seen(tmp_path):
    copy = tmp_path / "glossary.md"
    text = GLOSSARY.read_text(encoding="utf-8")
    copy.write_text("\n".join(line for line in text.splitlines() if "`Booking`" not in line))
    assert concepts() - set(explained(copy)) == {"Booking"}
