"""The list of common passwords that ships with the portal."""

import pytest

from adapters.common_passwords import is_common


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "azertyuiop",
        "motdepasse2026!",
        "  123soleil",
        "doudoudoudou",
        "1qaz2wsx3edc",
        "123456789012",
        "",
    ],
)
def test_what_everybody_tries_is_common(password):
    assert is_common(password)


@pytest.mark.parametrize("password", ["correct cheval agrafe pile", "girafe-nuage-42", "# the list"])
def test_a_sentence_of_ones_own_is_not(password):
    assert not is_common(password)
