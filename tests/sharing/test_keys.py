"""Signatures, against the vectors of the standard and another implementation."""

from __future__ import annotations

import hashlib

import pytest

from commonwatch.errors import InputError
from commonwatch.sharing.keys import SigningKey, quick_key, seed_for, verifier
from commonwatch.sharing.marking import Purpose
from tests.sharing.build import EAST, WEST

# RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_signatures_are_those_of_the_standard(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey.from_seed(bytes.fromhex(secret))
    assert key.public_bytes.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verifier(key.public_bytes)(bytes.fromhex(message), bytes.fromhex(signature))


def test_a_signature_fits_no_other_message_and_no_other_key() -> None:
    for make in (SigningKey.from_seed, quick_key):
        key, other = make(bytes(32)), make(b"1" * 32)
        signature = key.sign(b"words")
        assert key.verify(b"words", signature)
        assert not key.verify(b"word", signature)
        assert not other.verify(b"words", signature)
        assert not key.verify(b"words", signature[:-1])
        assert not key.verify(b"words", b"")


def test_the_quick_key_is_a_keyed_blake2b() -> None:
    seed = bytes(range(32))
    expected = hashlib.blake2b(b"words", key=seed, digest_size=32).digest()
    assert quick_key(seed).sign(b"words") == expected


def test_each_nation_and_purpose_has_a_seed_of_its_own() -> None:
    seeds = {
        seed_for(world, nation, purpose)
        for world in (1, 2)
        for nation in (EAST, WEST)
        for purpose in Purpose
    }
    assert len(seeds) == 12
    assert {len(seed) for seed in seeds} == {32}


@pytest.mark.parametrize("make", [SigningKey.from_seed, quick_key, verifier])
def test_a_seed_of_another_length_is_refused_with_a_sentence(make: object) -> None:
    with pytest.raises(InputError, match="31 bytes"):
        make(bytes(31))  # type: ignore[operator]
