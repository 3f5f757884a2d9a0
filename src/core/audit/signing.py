"""Ed25519 keys that sign checkpoints: one in KMS for AWS, one from the environment for one machine."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from core.errors import ConfigurationError

DER_PREFIX_BYTES = 12
"""An Ed25519 SubjectPublicKeyInfo is twelve bytes and then the key (RFC 8410 section 4)."""


class KmsSigner:
    """A key of spec ECC_NIST_EDWARDS25519 that never leaves KMS.

    https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
    """

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    @cached_property
    def public_key(self) -> bytes:
        return bytes(self._client.get_public_key(KeyId=self._key_id)["PublicKey"])[DER_PREFIX_BYTES:]

    def sign(self, message: bytes) -> bytes:
        answer = self._client.sign(
            KeyId=self._key_id, Message=message, MessageType="RAW", SigningAlgorithm="ED25519_SHA_512"
        )
        return bytes(answer["Signature"])


class LocalSigner:
    """A key from `AUDIT_SIGNING_KEY`: 32 bytes in hex. For one machine: whoever reads the setting can sign."""

    def __init__(self, seed: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        except ValueError:
            raise ConfigurationError("AUDIT_SIGNING_KEY must be 32 bytes in hex") from None

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)
