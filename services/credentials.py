"""Making and checking secrets: password hashes, link tokens, provisional codes (security S03, 2.2).

Hashing takes tens of milliseconds on purpose: never call `hash_secret` or `matches` inside a write
transaction.
"""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Thirty-two signs that nobody confuses (no i, l, o, u): sixteen of them make 80 bits.
CODE_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 16
CODE_GROUP = 4

# Two turns over 19 MiB on one lane: the least that OWASP asks for, the most that eight busy workers can hold.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# An account that does not exist is compared with this, which never matches: it takes the same time (S24).
_nobody = _hasher.hash(secrets.token_hex(16))


def hash_secret(secret: str) -> str:
    """Argon2id hash of a password or of a provisional code."""
    return _hasher.hash(secret)


def matches(stored: str | None, secret: str) -> bool:
    """Whether `secret` is the one hashed in `stored`; without stored hash, False in the same time."""
    try:
        return _hasher.verify(stored or _nobody, secret) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def new_token() -> str:
    """A secret of 256 bits for a link or a session."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: with 256 random bits a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A provisional password of 80 bits, as it is read: « k7mp-x3hd-9wqt-fz2v »."""
    signs = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    return "-".join(signs[start : start + CODE_GROUP] for start in range(0, CODE_LENGTH, CODE_GROUP))


def plain_code(typed: str) -> str:
    """A provisional password as it is hashed: dashes, spaces and capitals do not count."""
    return "".join(character for character in typed.lower() if character.isalnum())
