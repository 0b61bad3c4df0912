"""Keyed hashes and encryption for personal values (id numbers): found by digest, read only by those entitled."""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet
from django.conf import settings


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"field-encryption:{key}".encode()).digest()))


def encrypt(value: str) -> str:
    """Encrypt a personal value; an empty one stays empty."""
    return _fernet(settings.FIELD_KEY).encrypt(value.encode()).decode() if value else ""


def decrypt(token: str) -> str:
    """Return what `encrypt` was given; raises cryptography.fernet.InvalidToken for anything else."""
    return _fernet(settings.FIELD_KEY).decrypt(token.encode()).decode() if token else ""


def digest(value: str, *, purpose: str) -> str:
    """Return a keyed hash (64 hexadecimal digits) under which `value` can be found again for one purpose."""
    key = hashlib.sha256(f"field-digest:{purpose}:{settings.FIELD_KEY}".encode()).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
