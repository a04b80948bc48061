"""Signatures: who said it, provably.

Each nation has one key for each purpose, so that what was signed for an exercise proves nothing in
earnest. ``SigningKey`` is Ed25519 (RFC 8032): anyone may verify, only the owner can sign.
``quick_key`` is a stand-in for studies of many worlds, far quicker: who can verify can also sign,
so that it proves nothing to a third party.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commonwatch.errors import InputError
from commonwatch.identity import NationId
from commonwatch.sharing.marking import Purpose

Sign: TypeAlias = Callable[[bytes], bytes]
"""Makes the signature of some bytes."""
Verify: TypeAlias = Callable[[bytes, bytes], bool]
"""Says whether the second bytes are a signature of the first."""

SEED_BYTES: Final = 32


class Key(Protocol):
    """What signs for one nation and one purpose."""

    def sign(self, message: bytes, /) -> bytes:
        """Sign some bytes."""
        ...

    def verify(self, message: bytes, signature: bytes, /) -> bool:
        """Say whether a signature of some bytes is by this key.

        Parameters
        ----------
        message
            The bytes that were signed.
        signature
            Of any length; one of a wrong length is not of this key.
        """
        ...


class SigningKey:
    """An Ed25519 key. Make one with ``from_seed``; hand out ``public_bytes``.

    Examples
    --------
    >>> key = SigningKey.from_seed(bytes(32))
    >>> verifier(key.public_bytes)(b"words", key.sign(b"words"))
    True
    """

    __slots__ = ("_private", "public_bytes", "verify")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_bytes = private.public_key().public_bytes_raw()
        self.verify = verifier(self.public_bytes)

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Make the key of a secret seed of 32 bytes; the same seed gives the same key."""
        return cls(Ed25519PrivateKey.from_private_bytes(_checked(seed, "seed")))

    def sign(self, message: bytes) -> bytes:
        """Sign some bytes: 64 bytes, always the same for the same message."""
        return self._private.sign(message)


def verifier(public_bytes: bytes) -> Verify:
    """Return what verifies signatures by the Ed25519 key of which these are the public 32 bytes."""
    public = Ed25519PublicKey.from_public_bytes(_checked(public_bytes, "public key"))

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


class QuickKey:
    """A keyed BLAKE2b digest (RFC 7693): for studies only; whoever verifies could have signed."""

    __slots__ = ("_keyed",)

    def __init__(self, seed: bytes) -> None:
        self._keyed = hashlib.blake2b(key=_checked(seed, "seed"), digest_size=32)

    def sign(self, message: bytes) -> bytes:
        """Sign some bytes: 32 bytes, always the same for the same message."""
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.digest()

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Say whether the signature was made with the same seed.

        Parameters
        ----------
        message
            The bytes that were signed.
        signature
            Of any length; one of a wrong length is not of this key.
        """
        return hmac.compare_digest(self.sign(message), signature)


def quick_key(seed: bytes) -> QuickKey:
    """Make the stand-in of a seed of 32 bytes."""
    return QuickKey(seed)


def seed_for(world_seed: int, nation: NationId, purpose: Purpose) -> bytes:
    """Derive the seed of a nation's key for a purpose in a simulated world: not secret at all.

    Parameters
    ----------
    world_seed
        Of the world.
    nation, purpose
        Whose key, and for what.

    Returns
    -------
    bytes
        32 of them.
    """
    name = f"commonwatch key {world_seed} {purpose} {nation}"
    return hashlib.sha256(name.encode()).digest()


def _checked(secret: bytes, name: str) -> bytes:
    if len(secret) != SEED_BYTES:
        raise InputError(f"a {name} of {len(secret)} bytes", allowed=f"{SEED_BYTES} bytes")
    return secret
