"""The keys by which the other site's tokens are checked: secrets, or a file of public keys (JWK set).

A token names its key by `kid`, so a site changes keys by adding the new one here first. A file is read
again when it changes; while it cannot be read, the keys that were read last stay.
"""

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey, import_key

from app.logs import line_limit
from app.setting_types import handover_pairs

log = structlog.get_logger()

LOOK_SECONDS = 1.0  # how often it is asked whether the file has changed
MAX_FILE_BYTES = 256 * 1024
LEAST_RSA_BITS = 2048
KINDS = "Ed25519 (OKP), P-256 (EC) or RSA of 2048 bits or more"


class UnusableKeys(Exception):
    """The file has no set of public keys; the message says what is wrong with it."""


@dataclass(frozen=True)
class SiteKey:
    """A key, and the only algorithms (`alg`) whose signatures it checks."""

    key: Key
    algorithms: frozenset[str]


class KeyRing:
    """The keys that HANDOVER_KEYS names. `problem` says why its file cannot be used now, or is None."""

    def __init__(self, setting: str) -> None:
        pairs = handover_pairs(setting)
        self._path = Path(setting).expanduser() if pairs is None else None
        self._keys = {kid: _secret_key(secret) for kid, secret in (pairs or {}).items()}
        self._seen: tuple[int, ...] | None = None
        self._looked = -math.inf
        self.problem: str | None = None
        self.refresh()

    @property
    def kids(self) -> list[str]:
        return list(self._keys)

    def find(self, kid: str) -> SiteKey | None:
        return self._keys.get(kid)

    def refresh(self) -> bool:
        """Read the file again if it has changed; return whether there are other keys now."""
        if self._path is None or time.monotonic() - self._looked < LOOK_SECONDS:
            return False
        self._looked = time.monotonic()
        try:
            seen = _version(self._path)
            if seen == self._seen:
                return False
            self._keys, self._seen, self.problem = read_key_file(self._path), seen, None
        except (UnusableKeys, OSError) as error:
            self.problem = f"{self._path}: {error.strerror if isinstance(error, OSError) else error}"
            if line_limit.is_due("handover keys"):
                log.warning("the file of HANDOVER_KEYS cannot be used", reason=self.problem)
            return False
        return True


def read_key_file(path: Path) -> dict[str, SiteKey]:
    """Return the keys of a file by `kid`. Raises UnusableKeys and OSError."""
    with path.open("rb") as file:
        text = file.read(MAX_FILE_BYTES + 1)
    if len(text) > MAX_FILE_BYTES:
        raise UnusableKeys(f"it has more than {MAX_FILE_BYTES} bytes")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableKeys("it is not JSON") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UnusableKeys('it is no JWK set: an object with a list "keys" of objects')
    keys: dict[str, SiteKey] = {}
    for each in listed:
        if each.get("use", "sig") == "sig":
            kid = _kid_of(each, keys)
            keys[kid] = _public_key(kid, each)
    if not keys:
        raise UnusableKeys("it has no keys that check signatures")
    return keys


def _version(path: Path) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def _secret_key(secret: str) -> SiteKey:
    return SiteKey(OctKey.import_key(secret.encode()), frozenset({"HS256"}))


def _kid_of(listed: dict[str, Any], known: dict[str, SiteKey]) -> str:
    kid = listed.get("kid")
    if not isinstance(kid, str) or not kid:
        raise UnusableKeys("a key has no kid, by which tokens name it")
    if kid in known:
        raise UnusableKeys(f"two keys have the kid {kid!r}")
    return kid


def _public_key(kid: str, listed: dict[str, Any]) -> SiteKey:
    """Return a key with the algorithms of its kind, or the one that it is limited to (`alg`)."""
    try:
        key = import_key(listed)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        why = error or type(error).__name__
        raise UnusableKeys(f"the key {kid!r} cannot be read ({why})") from None
    algorithms = _algorithms(key)
    if key.is_private and algorithms:
        raise UnusableKeys(f"the key {kid!r} is private: the board needs its public part only")
    wanted = listed.get("alg")
    if not algorithms or (wanted is not None and wanted not in algorithms):
        raise UnusableKeys(f"the key {kid!r} is not one of {KINDS}")
    return SiteKey(key, algorithms if wanted is None else frozenset({wanted}))


def _algorithms(key: Key) -> frozenset[str]:
    """Return the algorithms of a public key's kind; none for a symmetric one, which proves nothing."""
    if isinstance(key, RSAKey) and key.public_key.key_size >= LEAST_RSA_BITS:
        return frozenset({"RS256"})
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return frozenset({"ES256"})
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return frozenset({"EdDSA", "Ed25519"})  # RFC 8037, and its newer name in RFC 9864
    return frozenset()
