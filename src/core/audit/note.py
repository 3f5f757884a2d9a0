"""Checkpoints as signed notes (https://c2sp.org/signed-note), signed with Ed25519. Pure but for the signers.

dfg-orchestrator/checkpoint/v1
<origin>
number 7
events 100
size 812
root <base64>
prev <hex SHA-256 of the note before, or zeros>
through <where the next checkpoint goes on>

— <origin> <base64 of key id and signature>
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from core.canonical import sha256
from core.errors import ConfigurationError

FORMAT: Final = "dfg-orchestrator/checkpoint/v1"
ED25519: Final = b"\x01"
FIRST_PREV: Final = "0" * 64


class Signer(Protocol):
    """An Ed25519 key, local or in KMS."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        ...


class LocalSigner:
    """A key from `AUDIT_SIGNING_KEY`: 32 bytes in hex. For one machine: whoever reads the setting can sign.

    In AWS the key is in KMS: see `core.aws`.
    """

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


@dataclass(frozen=True)
class Checkpoint:
    """What one checkpoint says: a Merkle root over `events` new events, and the note before it.

    `size` counts the events of all checkpoints up to this one; `through` is the order key of the last.
    """

    origin: str
    number: int
    events: int
    size: int
    root: bytes
    prev: str
    through: str


def text(checkpoint: Checkpoint) -> str:
    """The signed part."""
    return (
        f"{FORMAT}\n{checkpoint.origin}\n"
        f"number {checkpoint.number}\nevents {checkpoint.events}\nsize {checkpoint.size}\n"
        f"root {base64.b64encode(checkpoint.root).decode()}\nprev {checkpoint.prev}\nthrough {checkpoint.through}\n"
    )


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The note: text, blank line, signature line."""
    body = text(checkpoint)
    signature = key_id(checkpoint.origin, signer.public_key) + signer.sign(body.encode())
    return f"{body}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def key_id(origin: str, public_key: bytes) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return hashlib.sha256(origin.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def verifier_key(origin: str, public_key: bytes) -> str:
    """The public key in the form that note verifiers take: name+id+key."""
    return f"{origin}+{key_id(origin, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def digest(note: str) -> str:
    """What the next checkpoint holds of this one."""
    return sha256(note.encode())
