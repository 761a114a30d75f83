"""Who may see a page: the API server is asked who the visitor is, and whether that one may.

As kube-rbac-proxy and controller-runtime's filter do it: a bearer token becomes a TokenReview, the path a
SubjectAccessReview, and both answers are remembered for a while. A token MUST NOT be kept: memory holds its hash.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from cachetools import TTLCache

from controller.page import Page
from informers.api.errors import LevelsetError
from informers.api.status import api_error
from informers.api.transport import Call

if TYPE_CHECKING:
    from controller.page import Visit
    from informers.api.objects import Obj
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["Gatekeeper"]

log = logging.getLogger("levelset.serve")

KNOWN: Seconds = 60.0
"""How long an identity counts; controller-runtime's one minute."""
ALLOWED: Seconds = 300.0
"""How long a yes counts; controller-runtime's five minutes."""
DENIED: Seconds = 30.0
"""How long a no counts; controller-runtime's half minute."""
REMEMBERED = 1024
"""Answers kept, of each sort; scrapers are few, so that a flood of tokens drops only its own."""


class Gatekeeper:
    """Lets visitors pass whom the cluster's RBAC allows `get` on the page's path.

    Args:
        transport: Asks the API server; `create` on `tokenreviews` and `subjectaccessreviews` must be allowed.
        runtime: The clock.

    Threads: any thread.
    Blocks: for the API server, when the answer is not remembered.
    """

    def __init__(self, transport: Transport, *, runtime: Runtime) -> None:
        self._transport = transport
        self._lock = runtime.lock("gatekeeper")
        self._users: TTLCache[str, Obj] = TTLCache(REMEMBERED, KNOWN, timer=runtime.monotonic)
        self._yes: TTLCache[str, bool] = TTLCache(REMEMBERED, ALLOWED, timer=runtime.monotonic)
        self._no: TTLCache[str, bool] = TTLCache(REMEMBERED, DENIED, timer=runtime.monotonic)

    def refusal(self, visit: Visit) -> Page | None:
        """Return the page for somebody who may not pass, 401, 403 or 500; None when they may."""
        scheme, _, token = visit.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Page.text("Unauthorized\n", 401)
        try:
            user = self._identify(token.strip())
            if user is None:
                return Page.text("Unauthorized\n", 401)
            if self._may(user, visit.path, visit.method.lower()):
                return None
        except LevelsetError as error:
            log.warning("cannot ask who may see a page", extra={"fields": {"path": visit.path, "error": str(error)}})
            return Page.text("500 cannot ask the API server who you are\n", 500)
        return Page.text(f"Authorization denied for user {user.get('username', '')}\n", 403)

    def _identify(self, token: str) -> Obj | None:
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            if key in self._users:
                return self._users[key]
        review = self._ask("authentication.k8s.io", "TokenReview", "tokenreviews", {"token": token})
        if not review.get("authenticated"):
            return None
        user: Obj = review.get("user") or {}
        with self._lock:
            self._users[key] = user
        return user

    def _may(self, user: Obj, path: str, verb: str) -> bool:
        asked = {
            "user": user.get("username", ""),
            "groups": user.get("groups") or [],
            "uid": user.get("uid", ""),
            "extra": user.get("extra") or {},
            "nonResourceAttributes": {"path": path, "verb": "get" if verb == "head" else verb},
        }
        key = json.dumps(asked, sort_keys=True)
        with self._lock:
            if key in self._yes or key in self._no:
                return key in self._yes
        allowed = bool(
            self._ask("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", asked).get("allowed")
        )
        with self._lock:
            (self._yes if allowed else self._no)[key] = True
        return allowed

    def _ask(self, group: str, kind: str, plural: str, spec: Obj) -> Obj:
        body = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        response = self._transport.request(Call("POST", f"/apis/{group}/v1/{plural}", body=json.dumps(body).encode()))
        if response.status >= 300:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        answered: Any = json.loads(response.body)
        return answered.get("status") or {}
