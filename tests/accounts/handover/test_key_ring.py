"""Keys change by `kid` while the board runs, and a key that cannot be used says so."""

import json

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.accounts.handover import key_ring
from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.key_ring import KeyRing, UnusableKeys, read_key_file
from app.setting_types import handover_pairs
from tests.accounts.handover.site import (
    EDWARDS,
    ELLIPTIC,
    NEWER,
    PAIRS,
    RSA,
    SECRET,
    key_file,
    read,
    signed,
)

PUBLIC_RSA = {**RSA.as_dict(private=False), "kid": "a"}
UNUSABLE = {
    "no JSON": "nothing",
    "no object": "[]",
    "no list": '{"keys": {}}',
    "no keys": '{"keys": []}',
    "no key for signatures": json.dumps({"keys": [{**PUBLIC_RSA, "use": "enc"}]}),
    "things": '{"keys": [7]}',
    "without a kid": json.dumps({"keys": [RSA.as_dict(private=False)]}),
    "twice": json.dumps({"keys": [PUBLIC_RSA, PUBLIC_RSA]}),
    "a private key": json.dumps({"keys": [{**RSA.as_dict(private=True), "kid": "a"}]}),
    "a secret": json.dumps({"keys": [{**OctKey.import_key(SECRET).as_dict(), "kid": "a"}]}),
    "a short key": key_file(a=RSAKey.generate_key(1024)),
    "another curve": key_file(a=ECKey.generate_key("P-521")),
    "another Edwards curve": key_file(a=OKPKey.generate_key("Ed448")),
    "for another algorithm": json.dumps({"keys": [{**PUBLIC_RSA, "alg": "PS256"}]}),
    "in pieces": json.dumps({"keys": [{"kty": "RSA", "kid": "a", "n": "x", "e": []}]}),
    "of no kind": json.dumps({"keys": [{"kty": ["x"], "kid": "a"}]}),
    "too large": json.dumps({"keys": [], "more": "x" * key_ring.MAX_FILE_BYTES}),
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_without_usable_keys_says_why(tmp_path, text):
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(UnusableKeys) as unusable:
        read_key_file(path)
    ring = KeyRing(str(path))
    assert ring.problem == f"{path}: {unusable.value}"
    assert ring.kids == []
    assert SECRET not in ring.problem


def test_both_secrets_of_a_rotation_work(ring):
    assert ring.kids == ["first", "second"]
    newer = signed(key=OctKey.import_key(NEWER), header={"kid": "second"})
    for token in (signed(), newer):
        assert read(token, ring).subject == "somebody"
    after = KeyRing(f"second:{NEWER}")
    assert read(newer, after).subject == "somebody"
    with pytest.raises(TokenRefused, match="does not know the key first"):
        read(signed(), after)


def test_a_file_is_read_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0)
    path = tmp_path / "keys.json"
    path.write_text(key_file(old=ELLIPTIC))
    ring = KeyRing(str(path))
    assert not ring.refresh()
    path.write_text(key_file(old=ELLIPTIC, new=EDWARDS))
    assert ring.refresh()
    assert ring.kids == ["old", "new"]
    path.write_text(key_file(new=EDWARDS))
    assert ring.refresh()
    with pytest.raises(TokenRefused, match="does not know the key old"):
        read(signed(key=ELLIPTIC, header={"alg": "ES256", "kid": "old"}), ring)


def test_while_a_file_cannot_be_read_its_last_keys_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0)
    path = tmp_path / "keys.json"
    path.write_text(key_file(ed=EDWARDS))
    ring = KeyRing(str(path))
    path.unlink()
    assert not ring.refresh()
    assert (ring.kids, ring.problem) == (["ed"], f"{path}: No such file or directory")
    path.write_text("{")
    assert not ring.refresh()
    assert "not JSON" in ring.problem
    path.write_text(key_file(ed=EDWARDS))
    assert ring.refresh()
    assert ring.problem is None


def test_a_setting_is_pairs_or_a_path():
    assert handover_pairs(PAIRS) == {"first": SECRET, "second": NEWER}
    assert handover_pairs(f"a:{SECRET}:x b:{SECRET}") == {"a": f"{SECRET}:x", "b": SECRET}
    for path in ("/etc/upvote/keys.json", "keys.json", "./a:b", "~/keys"):
        assert handover_pairs(path) is None
