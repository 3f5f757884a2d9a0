"""Puts a GitHub App's private key into KMS, where it signs, and which it never leaves. Run with the deployer's rights:

    python -m tools.import_app_key KEY.pem [alias/dfg-github-app]

Prints the key's ARN: the parameter GitHubAppKeyArn, or GitHubReaderAppKeyArn. Delete the file afterwards.
https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    load_pem_private_key,
)

SIZES: Final = (2048, 3072, 4096)
"""Of the RSA keys that KMS takes."""
ALIAS: Final = "alias/dfg-github-app"


class Unusable(Exception):
    """Why the key cannot be imported, in words that show nothing of it."""


def read_pem(pem: bytes) -> RSAPrivateKey:
    """Raises Unusable."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise Unusable("the file holds no private key in PEM form, or one with a password") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size not in SIZES:
        raise Unusable(f"KMS takes RSA keys of {', '.join(map(str, SIZES))} bits")
    return key


def wrapped(key: RSAPrivateKey, wrapping_key: bytes) -> bytes:
    """RSA_AES_KEY_WRAP_SHA_256: an AES key under KMS's own, and the key as PKCS #8 under that (RFC 5649)."""
    kms = load_der_public_key(wrapping_key)
    if not isinstance(kms, RSAPublicKey):
        raise Unusable("KMS gave no RSA key to wrap with")
    once = os.urandom(32)
    material = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return kms.encrypt(once, OAEP(MGF1(SHA256()), SHA256(), None)) + aes_key_wrap_with_padding(once, material)


def import_key(kms: Any, key: RSAPrivateKey, alias: str) -> str:
    """The ARN of a new KMS key with that material, once it has signed. Raises Unusable when it signs otherwise."""
    made = kms.create_key(
        KeySpec=f"RSA_{key.key_size}",
        KeyUsage="SIGN_VERIFY",
        Origin="EXTERNAL",
        Description="Signs for a GitHub App of the DFG Orchestrator",
    )
    arn: str = made["KeyMetadata"]["Arn"]
    given = kms.get_parameters_for_import(
        KeyId=arn, WrappingAlgorithm="RSA_AES_KEY_WRAP_SHA_256", WrappingKeySpec="RSA_4096"
    )
    kms.import_key_material(
        KeyId=arn,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=wrapped(key, given["PublicKey"]),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    signature = kms.sign(KeyId=arn, Message=b"proof", MessageType="RAW", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")[
        "Signature"
    ]
    try:
        key.public_key().verify(signature, b"proof", PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Unusable(f"{arn} does not sign with the imported key") from None
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    return arn


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    import botocore.session

    try:
        key = read_pem(Path(arguments[0]).read_bytes())
        kms = botocore.session.get_session().create_client("kms")
        print(import_key(kms, key, arguments[1] if len(arguments) == 2 else ALIAS))
    except (OSError, Unusable) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
