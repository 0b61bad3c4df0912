"""Keyed hashes and encryption for personal values (id numbers): found by digest, read only by those entitled."""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12
"""Bytes of the random nonce in front of each token; 96 bits, a key serves for 2^32 values (NIST SP 800-38D 8.3)."""


@lru_cache(maxsize=4)
def _aead(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"field-encryption:{key}".encode()).digest())


@lru_cache(maxsize=16)
def _digest_key(purpose: str, key: str) -> bytes:
    return hashlib.sha256(f"field-digest:{purpose}:{key}".encode()).digest()


def seal(content: bytes) -> bytes:
    """Encrypt bytes so that a change of them is noticed (AES-256-GCM)."""
    nonce = os.urandom(NONCE)
    return nonce + _aead(settings.FIELD_KEY).encrypt(nonce, content, None)


def unseal(token: bytes) -> bytes:
    """Return what `seal` was given; raises cryptography.exceptions.InvalidTag for anything else."""
    return _aead(settings.FIELD_KEY).decrypt(token[:NONCE], token[NONCE:], None)


def encrypt(value: str) -> str:
    """Encrypt a personal value; an empty one stays empty."""
    return base64.b64encode(seal(value.encode())).decode() if value else ""


def encrypt_each(values: Sequence[str]) -> list[str]:
    """Encrypt many values, each as `encrypt` does."""
    aead, nonces = _aead(settings.FIELD_KEY), os.urandom(NONCE * len(values))
    return [
        base64.b64encode(nonce + aead.encrypt(nonce, value.encode(), None)).decode() if value else ""
        for value, nonce in zip(values, _cut(nonces), strict=True)
    ]


def _cut(nonces: bytes) -> Iterator[bytes]:
    return (nonces[start : start + NONCE] for start in range(0, len(nonces), NONCE))


def decrypt(token: str) -> str:
    """Return what `encrypt` was given; raises cryptography.exceptions.InvalidTag or ValueError for anything else."""
    return unseal(base64.b64decode(token, validate=True)).decode() if token else ""


def digest(value: str, *, purpose: str) -> str:
    """Return a keyed hash (64 hexadecimal digits) under which `value` can be found again for one purpose."""
    return hmac.digest(_digest_key(purpose, settings.FIELD_KEY), value.encode(), "sha256").hex()


def digest_each(values: Sequence[str], *, purpose: str) -> list[str | None]:
    """Return the `digest` of each of many values; None for an empty one."""
    key = _digest_key(purpose, settings.FIELD_KEY)
    return [hmac.digest(key, value.encode(), "sha256").hex() if value else None for value in values]
