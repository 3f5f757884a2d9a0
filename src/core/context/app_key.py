"""The private key of a GitHub App on one machine. In AWS it is in KMS, which signs: see `core.aws.kms_rs256`.

`cryptography` signs. The packages for Lambda do not hold it (docs/decisions/0013-app-key.md).
"""

from typing import Final

from core.context.app_token import Sign
from core.errors import ConfigurationError

LEAST_BITS: Final = 2048


def read_key(pem: str, app: str = "GITHUB_APP") -> Sign:
    """RS256 with the key of a PEM, as GitHub hands it out or as PKCS #8.

    Raises ConfigurationError, which names the setting and shows nothing.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise ConfigurationError(
            f"{app}_PRIVATE_KEY is for one machine: in AWS import the key into KMS and set {app}_KMS_KEY_ID"
        ) from None
    try:
        # Line ends as they are often written into one line.
        key = load_pem_private_key(pem.replace("\\n", "\n").strip().encode(), password=None)
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"{app}_PRIVATE_KEY must be a private key in PEM form, whole and without a password, as GitHub gives it"
        ) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise ConfigurationError(f"{app}_PRIVATE_KEY must be an RSA key of at least {LEAST_BITS} bits")
    return lambda message: key.sign(message, PKCS1v15(), SHA256())
