"""Sealing of what must not be read from a stolen disk or backup: health, IBANs, documents (security S49).

AES-256-GCM. A sealed value starts with the name of its key, so that keys can be replaced: the last line of
the key file seals, every line opens. Losing that file loses what was sealed: docs/exploitation.md.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32
_NAME_BYTES = 4  # of a key, at the head of what it sealed


class SealBroken(RuntimeError):
    """Sealed data cannot be opened: altered, moved to another place, or its key is missing."""


class Sealer:
    """Seals bytes and texts for one `place`: what was sealed for one place does not open for another."""

    def __init__(self, keys: dict[bytes, bytes], current: bytes) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._current = current

    def seal(self, content: bytes, place: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, content, place.encode())
        return self._current + nonce + sealed

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealBroken."""
        name, nonce = sealed[:_NAME_BYTES], sealed[_NAME_BYTES : _NAME_BYTES + _NONCE_BYTES]
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SealBroken(f"The key {name.hex()} of a sealed value is missing.")
        try:
            return cipher.decrypt(nonce, sealed[_NAME_BYTES + _NONCE_BYTES :], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"A sealed value of {place} cannot be opened.") from error

    def seal_text(self, text: str, place: str) -> str:
        return base64.urlsafe_b64encode(self.seal(text.encode(), place)).decode()

    def open_text(self, sealed: str, place: str) -> str:
        """Raises SealBroken."""
        return self.open(base64.urlsafe_b64decode(sealed), place).decode()


def load_sealer(path: Path) -> Sealer:
    """The sealer of a key file, one key a line (« name:key »); the first is made when missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key_line())
            file.flush()
            os.fsync(file.fileno())
    keys = {}
    for line in path.read_text().split():
        name, _, key = line.partition(":")
        keys[bytes.fromhex(name)] = bytes.fromhex(key)
    return Sealer(keys, list(keys)[-1])


def new_key_line() -> str:
    """A new key, to be appended to a key file."""
    return f"{secrets.token_hex(_NAME_BYTES)}:{secrets.token_hex(_KEY_BYTES)}\n"
