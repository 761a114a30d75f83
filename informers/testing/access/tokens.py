"""Tokens of service accounts: JWTs that the cluster signs, and that count for as long as what they are bound to exists.

The key belongs to the process and is made with the first token. It MUST NOT be written anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec

from informers.testing.access.identity import Identity

if TYPE_CHECKING:
    from informers.api.objects import NamespacedName, Obj
    from informers.runtime import Runtime
    from informers.testing.model.storage import Storage, StoreId

__all__ = ["AUDIENCE", "ISSUER", "Tokens", "service_account"]

ISSUER: Final = "https://kubernetes.default.svc"
AUDIENCE: Final = ISSUER
"""Whom tokens are for when nobody says."""

_BOUND: Final[dict[str, StoreId]] = {"Pod": ("", "pods"), "Secret": ("", "secrets"), "Node": ("", "nodes")}
_CREDENTIAL: Final = "authentication.kubernetes.io/credential-id"


def service_account(namespace: str, name: str, uid: str = "", extra: dict[str, list[str]] | None = None) -> Identity:
    """Return a service account as a caller."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return Identity(f"system:serviceaccount:{namespace}:{name}", groups, uid, extra or {})


class Tokens:
    """Issues and checks tokens.

    Threads: call with the cluster's lock held.
    """

    def __init__(self, storage: Storage, runtime: Runtime) -> None:
        self.storage = storage
        self.runtime = runtime
        self.known: dict[str, Identity] = {}
        """Fixed tokens, such as the server's own."""
        self._key = b""

    def issue(self, account: NamespacedName, uid: str, audiences: list[str], seconds: int, bound: Obj | None) -> str:
        """Return a new token; `bound` is the object without which it does not count."""
        now = int(self.runtime.wall().timestamp())
        inner: Obj = {"namespace": account.namespace, "serviceaccount": {"name": account.name, "uid": uid}}
        if bound is not None:
            inner[bound["kind"].lower()] = {"name": bound["name"], "uid": bound["uid"]}
        claims = {
            "aud": audiences,
            "exp": now + seconds,
            "iat": now,
            "iss": ISSUER,
            "jti": self.runtime.new_uid(),
            "kubernetes.io": inner,
            "nbf": now,
            "sub": f"system:serviceaccount:{account.namespace}:{account.name}",
        }
        signed = f"{_packed({'alg': 'HS256', 'kid': 'levelset'})}.{_packed(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def identify(self, token: str, audiences: list[str] | None = None) -> tuple[Identity, list[str]] | None:
        """Return whose token it is and for whom it counts; None when it does not count.

        `audiences` are those that the one who asks has; the API server's own when None.
        """
        known = next(
            (who for text, who in self.known.items() if hmac.compare_digest(text.encode(), token.encode())), None
        )
        if known is not None:
            return known, audiences or [AUDIENCE]
        signed, _, signature = token.rpartition(".")
        if not self._key or not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            return None
        claims = _unpacked(signed.partition(".")[2])
        fit = [name for name in audiences or [AUDIENCE] if name in claims["aud"]]
        now = self.runtime.wall().timestamp()
        if not fit or not claims["nbf"] <= now < claims["exp"]:
            return None
        found = self._holder(claims)
        return (found, fit) if found is not None else None

    def _holder(self, claims: Obj) -> Identity | None:
        inner = claims["kubernetes.io"]
        namespace, account = inner["namespace"], inner["serviceaccount"]
        if not self._exists(("", "serviceaccounts"), namespace, account):
            return None
        extra = {_CREDENTIAL: [f"JTI={claims['jti']}"]}
        for kind, store in _BOUND.items():
            bound = inner.get(kind.lower())
            if bound is None:
                continue
            if not self._exists(store, "" if kind == "Node" else namespace, bound):
                return None
            if kind != "Secret":
                extra[f"authentication.kubernetes.io/{kind.lower()}-name"] = [bound["name"]]
                extra[f"authentication.kubernetes.io/{kind.lower()}-uid"] = [bound["uid"]]
        return service_account(namespace, account["name"], account["uid"], extra)

    def _exists(self, store: StoreId, namespace: str, named: Any) -> bool:
        record = self.storage.get(store, f"{namespace}/{named['name']}")
        return record is not None and record.uid == named["uid"]

    def _signature(self, signed: str) -> str:
        if not self._key:
            seed = "".join(self.runtime.new_uid() for _ in range(4))
            self._key = hashlib.sha256(seed.encode()).digest()
        return _text(hmac.digest(self._key, signed.encode(), "sha256"))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _packed(value: Obj) -> str:
    return _text(msgspec.json.encode(value))


def _unpacked(text: str) -> Obj:
    found: Obj = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found
