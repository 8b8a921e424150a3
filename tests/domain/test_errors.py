"""What a refusal carries: a stable code, a sentence to show, and for a rule the place of the fault."""

import pytest

from domain.errors import BusinessError, NotFound, Refused, RuleError, Stale


def test_a_refusal_carries_its_code_and_its_sentence():
    error = BusinessError("closed", "C’est fermé.")
    assert (error.code, error.message, str(error)) == ("closed", "C’est fermé.", "C’est fermé.")
    assert isinstance(Refused("a", "b"), BusinessError)


@pytest.mark.parametrize(
    ("path", "parent", "message"),
    [
        ("jours", "delais[1]", "delais[1].jours : trop."),
        ("", "delais[1]", "delais[1] : trop."),
        ("jours", "", "jours : trop."),
        ("", "", "trop."),
    ],
)
def test_a_faulty_rule_says_where(path, parent, message):
    error = RuleError("bad_value", "trop.", path)
    assert (error.code, error.reason, error.path) == ("bad_value", "trop.", path)
    assert error.message == (f"{path} : trop." if path else "trop.")
    below = error.below(parent)
    assert (below.code, below.message, str(below)) == ("bad_value", message, message)


def test_what_is_not_there_and_what_changed_meanwhile():
    assert NotFound().code == "not_found"
    assert str(NotFound()) == NotFound().message == "Cette page n’existe pas ou ne vous concerne pas."
    assert NotFound("Rien ici.").message == "Rien ici."
    assert (Stale("Changé.").code, str(Stale("Changé."))) == ("stale", "Changé.")
