"""What is sealed opens with its key, at its place, unaltered, and not otherwise."""

import pytest

from adapters.sealing import SealBroken, load_sealer, new_key_line


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sealing_keys"


def test_a_text_opens_again(path):
    sealed = load_sealer(path).seal_text("Arachide", "medical:1")
    assert "Arachide" not in sealed
    assert load_sealer(path).open_text(sealed, "medical:1") == "Arachide"


def test_the_same_text_is_never_sealed_twice_alike(path):
    sealer = load_sealer(path)
    assert sealer.seal(b"oui", "x") != sealer.seal(b"oui", "x")


def test_another_place_does_not_open_it(path):
    sealer = load_sealer(path)
    with pytest.raises(SealBroken):
        sealer.open_text(sealer.seal_text("Arachide", "medical:1"), "medical:2")


@pytest.mark.parametrize("position", [5, 20, -1])
def test_one_altered_byte_is_noticed(path, position):
    sealer = load_sealer(path)
    sealed = bytearray(sealer.seal(b"Arachide", "x"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), "x")


def test_truncated_data_is_noticed(path):
    sealer = load_sealer(path)
    with pytest.raises(SealBroken):
        sealer.open(sealer.seal(b"Arachide", "x")[:10], "x")


def test_a_new_key_seals_and_the_old_one_still_opens(path):
    old = load_sealer(path).seal(b"Arachide", "x")
    with path.open("a") as file:
        file.write(new_key_line())
    sealer = load_sealer(path)
    assert sealer.open(old, "x") == b"Arachide"
    assert sealer.seal(b"Arachide", "x")[:4] != old[:4]


def test_a_lost_key_is_told(path):
    old = load_sealer(path).seal(b"Arachide", "x")
    path.write_text(new_key_line())
    with pytest.raises(SealBroken, match="missing"):
        load_sealer(path).open(old, "x")


def test_the_key_file_is_its_owners_alone(path):
    load_sealer(path)
    assert path.stat().st_mode & 0o077 == 0
