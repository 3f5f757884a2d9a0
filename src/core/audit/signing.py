"""The Ed25519 key that signs checkpoints on one machine. In AWS it is in KMS: see `core.aws`."""

from __future__ import annotations

from core.errors import ConfigurationError


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
