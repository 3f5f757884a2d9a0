"""The private key of a GitHub App: reads the PEM that GitHub hands out, and signs with RS256.

RSA signing is one exponentiation; the packages that do it hold 14 MB of native code for each processor
(docs/decisions/0013-app-key.md). Tests compare every signature with theirs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from core.errors import ConfigurationError

SHA256_PREFIX: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DigestInfo of SHA-256 before the hash (RFC 8017 section 9.2, note 1)."""
LEAST_BITS: Final = 2048

_PEM: Final = re.compile(r"-----BEGIN (RSA )?PRIVATE KEY-----([0-9A-Za-z+/=\s]+)-----END (RSA )?PRIVATE KEY-----")
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04


@dataclass(frozen=True)
class AppKey:
    """An RSA key. Its numbers are shown nowhere."""

    modulus: int = field(repr=False)
    public_exponent: int = field(repr=False)
    private_exponent: int = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.1), which JSON Web Tokens call RS256.

        The base is blinded, so that the time taken tells nothing of the key, and the result is verified.
        Raises ConfigurationError for numbers that are no key.
        """
        length = (self.modulus.bit_length() + 7) // 8
        ending = SHA256_PREFIX + hashlib.sha256(message).digest()
        padded = int.from_bytes(b"\x00\x01" + b"\xff" * (length - len(ending) - 3) + b"\x00" + ending, "big")
        blind = secrets.randbelow(self.modulus - 2) + 2
        blinded = padded * pow(blind, self.public_exponent, self.modulus) % self.modulus
        try:
            signature = pow(blinded, self.private_exponent, self.modulus) * pow(blind, -1, self.modulus) % self.modulus
        except ValueError:  # no inverse: the modulus is no product of two large primes
            signature = 0
        if pow(signature, self.public_exponent, self.modulus) != padded:
            raise ConfigurationError("GITHUB_APP_PRIVATE_KEY holds numbers that are no RSA key")
        return signature.to_bytes(length, "big")


def read_key(pem: str) -> AppKey:
    """The key of a PEM, as PKCS #1 (what GitHub hands out) or PKCS #8. Raises ConfigurationError, and shows nothing."""
    match = _PEM.search(pem.replace("\\n", "\n"))  # line ends as they are often written into one line
    if match is None:
        raise ConfigurationError("GITHUB_APP_PRIVATE_KEY must be a private key in PEM form, as GitHub hands it out")
    try:
        data = base64.b64decode("".join(match[2].split()), validate=True)
        [(_, outer)] = _elements(data)
        parts = list(_elements(outer))
        if not match[1]:  # PKCS #8 wraps it: version, algorithm, the key's own bytes
            [(_, inner)] = _elements(next(value for kind, value in parts if kind == _OCTETS))
            parts = list(_elements(inner))
        numbers = [int.from_bytes(value, "big") for kind, value in parts if kind == _INTEGER]
        _, modulus, public, private = numbers[:4]
    except (ValueError, IndexError, StopIteration, binascii.Error):
        raise ConfigurationError(
            "GITHUB_APP_PRIVATE_KEY cannot be read: it is no RSA key, or a part is missing"
        ) from None
    if modulus.bit_length() < LEAST_BITS or public < 3:
        raise ConfigurationError(f"GITHUB_APP_PRIVATE_KEY has fewer than {LEAST_BITS} bits")
    return AppKey(modulus, public, private)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The DER elements in `data`: kind and content. Raises ValueError or IndexError for what is cut short."""
    at = 0
    while at < len(data):
        kind, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("cut short")
        yield kind, data[at : at + length]
        at += length
