"""Secrets at rest: sealed, tamper-proof, and readable across a change of the master key."""

from dataclasses import replace

import pytest

from tickets.crypto import CannotUnseal, Sealed, seal, unseal

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(autouse=True)
def _masters(settings):
    settings.MASTER_KEYS = [OLD]


@pytest.mark.parametrize("plain", [b"", b"hunter2", b"x" * 300_000])
def test_what_is_sealed_comes_back(plain):
    sealed = seal(plain)
    assert unseal(sealed) == plain
    assert not plain or plain not in sealed.data + sealed.key


def test_the_same_secret_never_looks_the_same():
    assert seal(b"a").data != seal(b"a").data


def test_a_new_master_key_still_reads_the_old(settings):
    sealed = seal(b"hunter2")
    settings.MASTER_KEYS = [NEW, OLD]
    assert unseal(sealed) == b"hunter2"
    newer = seal(b"hunter3")
    settings.MASTER_KEYS = [NEW]
    assert unseal(newer) == b"hunter3"
    with pytest.raises(CannotUnseal, match="does not hold"):
        unseal(sealed)


@pytest.mark.parametrize("part", ["key", "data"])
@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_byte_is_noticed(part, place):
    sealed = seal(b"hunter2")
    changed = bytearray(getattr(sealed, part))
    changed[place] ^= 1
    with pytest.raises(CannotUnseal):
        unseal(replace(sealed, **{part: bytes(changed)}))


@pytest.mark.parametrize("cut", [Sealed(key=b"", data=b""), Sealed(key=b"abc", data=b"x")])
def test_a_destroyed_key_says_so(cut):
    with pytest.raises(CannotUnseal):
        unseal(cut)


def test_a_cut_secret_says_so():
    sealed = seal(b"hunter2")
    with pytest.raises(CannotUnseal):
        unseal(replace(sealed, data=sealed.data[:5]))


def test_the_data_of_another_secret_is_refused():
    with pytest.raises(CannotUnseal):
        unseal(Sealed(key=seal(b"a").key, data=seal(b"b").data))
