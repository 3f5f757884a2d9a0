"""The import of a GitHub App's key into KMS. moto does not implement it: a KMS of a few lines unwraps and signs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat, load_der_private_key

from tests.support.app_key import made, pem
from tools.import_app_key import Unusable, import_key, main, read_pem, wrapped

ARN = "arn:aws:kms:eu-west-1:123456789012:key/1"


class Kms:
    """What KMS does with an imported key; `signs_with` another one if given."""

    def __init__(self, signs_with: rsa.RSAPrivateKey | None = None) -> None:
        self.wrapping = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.signs_with = signs_with
        self.key: Any = None
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def create_key(self, **given: Any) -> dict[str, Any]:
        self.calls.append(("create_key", given))
        return {"KeyMetadata": {"Arn": ARN}}

    def get_parameters_for_import(self, **given: Any) -> dict[str, Any]:
        self.calls.append(("get_parameters_for_import", given))
        public = self.wrapping.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"ImportToken": b"token", "PublicKey": public}

    def import_key_material(self, **given: Any) -> None:
        self.calls.append(("import_key_material", given))
        assert given["ImportToken"] == b"token"
        data, size = given["EncryptedKeyMaterial"], self.wrapping.key_size // 8
        once = self.wrapping.decrypt(data[:size], OAEP(MGF1(SHA256()), SHA256(), None))
        self.key = load_der_private_key(aes_key_unwrap_with_padding(once, data[size:]), None)

    def sign(self, **given: Any) -> dict[str, Any]:
        assert given["SigningAlgorithm"] == "RSASSA_PKCS1_V1_5_SHA_256"
        return {"Signature": (self.signs_with or self.key).sign(given["Message"], PKCS1v15(), SHA256())}

    def create_alias(self, **given: Any) -> None:
        self.calls.append(("create_alias", given))


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_the_key_arrives_and_signs(form: PrivateFormat) -> None:
    kms = Kms()
    assert import_key(kms, read_pem(pem(form=form).encode()), "alias/x") == ARN
    assert kms.key.private_numbers() == made().private_numbers()
    calls = dict(kms.calls)
    assert (calls["create_key"]["Origin"], calls["create_key"]["KeySpec"]) == ("EXTERNAL", "RSA_2048")
    assert calls["create_key"]["KeyUsage"] == "SIGN_VERIFY"
    assert calls["get_parameters_for_import"]["WrappingAlgorithm"] == "RSA_AES_KEY_WRAP_SHA_256"
    assert calls["import_key_material"]["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert calls["create_alias"] == {"AliasName": "alias/x", "TargetKeyId": ARN}


def test_no_two_wrappings_are_alike() -> None:
    public = Kms().wrapping.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert wrapped(made(), public) != wrapped(made(), public)


def test_a_key_that_signs_otherwise_is_told_before_anybody_uses_it() -> None:
    kms = Kms(signs_with=rsa.generate_private_key(public_exponent=65_537, key_size=2048))
    with pytest.raises(Unusable, match="does not sign"):
        import_key(kms, made(), "alias/x")
    assert "create_alias" not in dict(kms.calls)


@pytest.mark.parametrize(
    "content", ["", "secret", pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8), pem(made(1024))]
)
def test_what_kms_does_not_take_is_refused_and_not_shown(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(content)
    assert main([str(file)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert all(line not in told.err for line in content.split("\n") if len(line) > 8)


def test_without_a_file_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "python -m tools.import_app_key KEY.pem" in capsys.readouterr().err
