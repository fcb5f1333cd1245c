"""Sealing of bytes at rest: a data key of its own for each secret, wrapped by the master key.

To destroy a secret is to delete its data key; to change the master key is to wrap the data keys
anew. The master keys come from the environment (MASTER_KEYS), never from the database.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12
_KEY_ID = 4


class CannotUnseal(Exception):
    """The bytes were sealed with a master key we do not have, or were changed since."""


@dataclass(frozen=True)
class Sealed:
    """What is stored: the wrapped data key, and the bytes under it (AES-256-GCM)."""

    key: bytes
    data: bytes


def seal(plain: bytes) -> Sealed:
    """Encrypt `plain` with a fresh data key wrapped by the first master key."""
    data_key = AESGCM.generate_key(bit_length=256)
    master = _masters()[0]
    return Sealed(key=_key_id(master) + _encrypt(master, data_key), data=_encrypt(data_key, plain))


def unseal(sealed: Sealed) -> bytes:
    """Give back the plain bytes.

    Raises CannotUnseal when no master key fits or the bytes are not as they were sealed.
    """
    key_id, wrapped = bytes(sealed.key[:_KEY_ID]), bytes(sealed.key[_KEY_ID:])
    for master in _masters():
        if _key_id(master) == key_id:
            return _decrypt(_decrypt(master, wrapped), bytes(sealed.data))
    raise CannotUnseal("sealed with a master key that MASTER_KEYS does not hold")


def _masters() -> list[bytes]:
    keys: list[bytes] = settings.MASTER_KEYS
    return keys


def _key_id(master: bytes) -> bytes:
    return hashlib.sha256(b"helpdesk master key" + master).digest()[:_KEY_ID]


def _encrypt(key: bytes, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def _decrypt(key: bytes, blob: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(blob[:_NONCE], blob[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise CannotUnseal("the sealed bytes were changed or cut") from error
