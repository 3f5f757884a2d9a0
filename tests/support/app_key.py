"""A key of a GitHub App: made once, written in any form."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)


@cache
def made(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def pem(
    key: Any = None,
    form: PrivateFormat = PrivateFormat.TraditionalOpenSSL,
    encryption: KeySerializationEncryption = NoEncryption(),  # noqa: B008 - holds nothing
) -> str:
    data: bytes = (key or made()).private_bytes(Encoding.PEM, form, encryption)
    return data.decode()
