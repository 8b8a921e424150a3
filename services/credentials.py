"""Making and checking secrets: password hashes, link tokens, provisional codes (security S03, 2.2).

Hashing takes tens of milliseconds on purpose: never call `hash_secret` or `matches` inside a write
transaction.
"""

import hashlib
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.passwords import PROVISIONAL_BYTES, make_provisional

TOKEN_SIGNS = string.ascii_uppercase + string.digits
TOKEN_LENGTH = 50

# Two turns over 19 MiB on one lane: the least that OWASP asks for, the most that eight busy workers can hold.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Hash of a random value that was thrown away: who has no account is compared with it, in the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$JkbWCMQeNGMPMpRdNUnQ8Q$b7TFaPtcZj/GwDJFPD9ylrFXvUWU+NBuNW86rKkBEBg"


def hash_secret(secret: str) -> str:
    """Argon2id hash of a password or of a provisional code."""
    return _hasher.hash(secret)


def matches(stored: str | None, secret: str) -> bool:
    """Whether `secret` is the one hashed in `stored`; without stored hash, False in the same time."""
    try:
        return _hasher.verify(stored or _NOBODY, secret) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def new_token() -> str:
    """A secret of 258 bits for a link or a session.

    Fifty capitals and digits (S10): no mail program takes the last sign for punctuation.
    """
    return "".join(secrets.choice(TOKEN_SIGNS) for _ in range(TOKEN_LENGTH))


def token_hash(token: str) -> str:
    """What is stored of a token: with that many random bits a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A provisional password of 80 bits, as it is read and hashed: « k7mp-x3hd-9wqt-fz2v »."""
    return make_provisional(secrets.token_bytes(PROVISIONAL_BYTES))
