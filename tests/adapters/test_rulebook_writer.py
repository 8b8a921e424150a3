"""Writing rulebook texts: what is written reads back, and changing one section touches nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import rulebook_files
from adapters.rulebook_writer import replaced, skeleton, to_text
from domain.enums import HolidayVariant, SchoolZone
from domain.rulebook import rulebook
from domain.rulebook.tree import Faults, Tree

TEXTS = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted(Path("tests/cases").glob("*.reglement.yaml"))
}


def tree_of(text: str) -> Tree:
    faults = Faults()
    node = rulebook_files.parse(text, faults)
    assert node is not None, list(faults)
    assert not faults.errors, list(faults)
    return node.bare()


def paths(tree: Tree, deepest: int, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, dict) and len(above) < deepest:
        for word, below in tree.items():
            yield (*above, word)
            yield from paths(below, deepest, (*above, word))


def at(tree: Tree, path: tuple[str, ...]) -> Tree:
    for word in path:
        tree = tree[word]
    return tree


def changed(tree: Tree, path: tuple[str, ...], new: Tree) -> Tree:
    """The independent way to say what a replacement does."""
    word, *rest = path
    if rest:
        return tree | {word: changed(tree[word], tuple(rest), new)}
    return {key: value for key, value in tree.items() if key != word} if new is None else tree | {word: new}


# --- Writing a tree -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_a_real_rulebook_written_anew_reads_the_same(name: str) -> None:
    tree = tree_of(TEXTS[name])
    assert tree_of(to_text(tree)) == tree


words = st.text(min_size=1, max_size=12)
trees = st.recursive(
    st.none() | st.text(max_size=30),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(words, below, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(words, trees, max_size=5))
def test_any_tree_reads_back_whatever_its_words(tree: Tree) -> None:
    if tree:
        assert tree_of(to_text(tree)) == tree


@pytest.mark.parametrize(
    "word",
    ["08:30", "null", "~", "", "yes", "- x", "a: b", "a #b", "[x]", "{x}", "*a", "&a", "!a", "'", " a", "?"],
)
def test_what_yaml_could_misread_is_between_quotes(word: str) -> None:
    assert to_text({"x": word}) == f'x: "{word}"\n'


@pytest.mark.parametrize(
    "word", ["3.80", "-1", "oui", "2026-09-01", "2026-09-03 20:00", "revenus / 12 / parts", "« 48 h »"]
)
def test_plain_words_are_written_as_the_guide_writes_them(word: str) -> None:
    assert to_text({"x": word}) == f"x: {word}\n"


HOUSE_STYLE = """\
reglement:
  nom: Restaurant scolaire
  remarques: ["« 48 h » : lu deux jours entiers."]

activites:
  cantine:
    nom: Restaurant scolaire
    ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
    delais:
      - actions: [reserver, annuler]
        canaux: tous
        etapes:
          - {jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00"}, effet: libre}
          - jusqu_a:
              forme: selon_le_jour
              limite: exclue
              entrees:
                - {pour: [lundi, mardi], jour: vendredi, semaines_avant: 1, heure: "09:00"}
            effet: libre
        ensuite: refus
    tarif:
      prix:
        table:
          selon: residence
          lignes:
            - {residence: commune, valeur: 4.40}
            - {residence: exterieur, valeur: null}
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
  matin:
    nom: Accueil du matin
    tarif:
      prix:
        courbe: {sur: quotient, points: [[400, 1.20], [900, 2.70]], au_dela: plat}
"""


def test_the_house_style() -> None:
    assert to_text(tree_of(HOUSE_STYLE)) == HOUSE_STYLE


# --- One section ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_each_limit_and_price_replaced_by_itself_changes_nothing(name: str) -> None:
    text, tree = TEXTS[name], tree_of(TEXTS[name])
    for activity in tree["activites"]:
        for part in {"delais", "tarif"} & set(tree["activites"][activity]):
            path = ("activites", activity, part)
            assert tree_of(replaced(text, path, at(tree, path))) == tree


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.sampled_from(sorted(TEXTS)), st.data())
def test_one_section_changes_and_all_others_stay_with_the_lines_around(
    name: str, other_name: str, data: st.DataObject
) -> None:
    """Any section of a town becomes any section of another, or goes; notes stand between the lines."""
    text, tree, other = TEXTS[name], tree_of(TEXTS[name]), tree_of(TEXTS[other_name])
    noted = "\n# une note\n".join(text.splitlines()) + "\n"
    path = data.draw(st.sampled_from(sorted(paths(tree, 3))))
    source = data.draw(st.none() | st.sampled_from(sorted(paths(other, 4))))
    new = None if source is None else at(other, source)

    result = replaced(noted, path, new)

    assert tree_of(result) == changed(tree, path, new)
    before, after = lines_around(noted, tree, path, new)
    assert result.startswith(before)
    assert result.endswith(after)


def lines_around(text: str, tree: Tree, path: tuple[str, ...], new: Tree) -> tuple[str, str]:
    """What stands before the line of a section, and from the next key to the end.

    The section is the entry that has its own line: one between braces is part of what the braces hold, and
    the last entry that goes takes the block with it.
    """
    lines, places = text.splitlines(keepends=True), dict(lines_of_keys(yaml.compose(text)))
    while len(path) > 1 and (
        places[path] == places[path[:-1]] or (new is None and len(at(tree, path[:-1])) == 1)
    ):
        path = path[:-1]
    start = places[path]
    later = [line for other, line in places.items() if line > start and other[: len(path)] != path]
    return "".join(lines[:start]), "".join(lines[min(later) :]) if later else ""


def lines_of_keys(node: yaml.Node, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        path = (*above, key.value)
        yield path, key.start_mark.line
        yield from lines_of_keys(value, path)


SHORT = """\
# La cantine de Saint-Exemple
reglement:
  nom: Cantine   # affiché en tête
calendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: []}

activites:
  # le midi
  cantine:
    nom: Cantine
    delais:  # article 3
      # jusqu’à la veille
      - actions: [reserver]
        canaux: tous
        ensuite: refus
    # le prix voté en juin
    tarif: {prix: 3.80, arrondi: null}  # article 7

  # le soir
  garderie: {nom: Garderie}
# fin
"""
LIMITS = """\
    delais:  # article 3
      # jusqu’à la veille
      - actions: [reserver]
        canaux: tous
        ensuite: refus
"""
PRICE = "    tarif: {prix: 3.80, arrondi: null}  # article 7\n"


def cantine(part: str) -> tuple[str, ...]:
    return "activites", "cantine", part


def test_a_section_is_replaced_where_it_stands_and_keeps_the_note_of_its_key() -> None:
    result = replaced(SHORT, cantine("delais"), [{"actions": ["annuler"], "ensuite": "libre"}])
    expected = "    delais:  # article 3\n      - {actions: [annuler], ensuite: libre}\n"
    assert result == SHORT.replace(LIMITS, expected)


def test_the_note_at_the_end_of_a_section_stays() -> None:
    result = replaced(SHORT, cantine("tarif"), {"prix": "4.10"})
    assert result == SHORT.replace(PRICE, "    tarif: {prix: 4.10}  # article 7\n")


def test_a_section_that_does_not_exist_is_added_after_the_others() -> None:
    result = replaced(SHORT, cantine("absences"), [{"si": "toujours", "du": "tout"}])
    assert result == SHORT.replace(PRICE, f"{PRICE}    absences:\n      - {{si: toujours, du: tout}}\n")


def test_a_part_that_does_not_exist_is_added_at_the_end() -> None:
    added = replaced(SHORT, ("faits", "rang"), "nombre")
    assert added == SHORT.replace("Garderie}\n", "Garderie}\n\nfaits:\n  rang: nombre\n")


def test_an_activity_between_braces_opens_when_it_grows() -> None:
    result = replaced(SHORT, ("activites", "garderie", "tarif"), {"prix": {"table": {"selon": "rang"}}})
    opened = """\
  garderie:
    nom: Garderie
    tarif:
      prix:
        table: {selon: rang}
"""
    assert result == SHORT.replace("  garderie: {nom: Garderie}\n", opened)


def test_a_removed_section_takes_its_lines_alone() -> None:
    assert replaced(SHORT, cantine("delais"), None) == SHORT.replace(LIMITS, "")
    assert replaced(SHORT, cantine("tarif"), None) == SHORT.replace(PRICE, "")
    assert replaced(SHORT, cantine("absences"), None) == SHORT


def test_the_last_entry_that_goes_leaves_an_empty_part() -> None:
    result = replaced(SHORT, ("reglement", "nom"), None)
    assert tree_of(result)["reglement"] == {}


@pytest.mark.parametrize("path", [cantine("delais"), cantine("tarif"), cantine("absences"), ("faits",)])
@pytest.mark.parametrize("new", [None, "mot", {"a": {"b": [{"c": "d"}]}}])
def test_the_line_ends_of_a_browser_stay_its_own(path: tuple[str, ...], new: Tree) -> None:
    from_browser = SHORT.replace("\n", "\r\n")
    assert replaced(from_browser, path, new) == replaced(SHORT, path, new).replace("\n", "\r\n")


@pytest.mark.parametrize("text", ["", "# rien encore\n", "{}", "{reglement: {nom: Cantine}}"])
def test_a_text_without_a_block_grows_too(text: str) -> None:
    expected = ({"reglement": {"nom": "Cantine"}} if "nom" in text else {}) | {"faits": {"rang": "nombre"}}
    assert tree_of(replaced(text, ("faits", "rang"), "nombre")) == expected


@pytest.mark.parametrize(
    ("text", "path"), [("a: [", ("a",)), ("- a", ("a",)), ("a: [1]", ("a", "b")), ("a: mot", ("a", "b"))]
)
def test_a_text_that_cannot_hold_the_section_is_refused(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="YAML|parties|endroit"):
        replaced(text, path, "mot")


# --- The first règlement --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "holidays"),
    [
        *((zone, HolidayVariant.METROPOLE) for zone in SchoolZone),
        *((SchoolZone.A, one) for one in HolidayVariant),
    ],
)
def test_the_first_reglement_of_any_town_is_valid(zone: SchoolZone, holidays: HolidayVariant) -> None:
    text = skeleton("Saint-Exemple : l’Île", zone, holidays, [4, 0, 1, 3], [("cantine", "Cantine: midi")])
    faults = Faults()
    book = rulebook.read(rulebook_files.parse(text, faults), rulebook_files, faults)
    overseas = holidays not in (HolidayVariant.METROPOLE, HolidayVariant.ALSACE_MOSELLE)
    clock = ["les heures sont celles de Paris"] if overseas else []
    assert [fault.message.partition("\u00a0:")[0].partition(" :")[0] for fault in faults] == clock
    assert book.identity.name == "Règlement de Saint-Exemple : l’Île"
    assert book.activities["cantine"].label == "Cantine: midi"
    assert tree_of(text)["calendrier"]["jours_d_ecole"] == ["lundi", "mardi", "jeudi", "vendredi"]


def test_the_first_reglement_of_a_town_without_activities_takes_its_first_one() -> None:
    text = skeleton("Saint-Exemple", SchoolZone.A, HolidayVariant.METROPOLE, [0], [])
    grown = replaced(text, ("activites", "cantine"), {"nom": "Cantine"})
    assert grown == text.replace("activites: {}\n", "activites:\n  cantine:\n    nom: Cantine\n")
