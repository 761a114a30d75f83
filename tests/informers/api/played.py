"""A transport that plays answers in order, and the answers, objects and listeners of the client's tests."""

import json

from informers.api.transport import Response

CONFIG_MAP = ("v1", "ConfigMap")
V1 = {
    "resources": [
        {"name": name, "kind": kind, "namespaced": scope}
        for name, kind, scope in (
            ("configmaps", "ConfigMap", True),
            ("nodes", "Node", False),
            ("pods", "Pod", True),
            ("pods/eviction", "Eviction", True),
            ("pods/status", "Pod", True),
        )
    ]
}


def config_map(name="a", namespace="ns", **meta):
    """Return a ConfigMap as a server sends it."""
    metadata = {"name": name, "namespace": namespace, "uid": "u1", "resourceVersion": "7", **meta}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"k": "v"}}


def status(code, reason="", message="no", **details):
    """Return a refusal as a server sends it."""
    head = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return answer({**head, "code": code, "reason": reason, "message": message, "details": details}, code)


def answer(body, code=200, **headers):
    """Return an answer with a JSON body."""
    return Response(code, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def page(*objects, **meta):
    """Return a page of a list."""
    return answer({"metadata": {"resourceVersion": "9", **meta}, "items": list(objects)})


def event(kind, body):
    """Return one line of a watch."""
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


class Script:
    """A transport that plays answers in order and keeps the calls; discovery is answered aside."""

    def __init__(self, *answers):
        self.answers, self.calls, self.discoveries = list(answers), [], 0

    def request(self, call):
        """Play the next answer, or raise it."""
        if call.path == "/api/v1":
            self.discoveries += 1
            return answer(V1)
        return self._play(call)

    def stream(self, call):
        """Play the next answer: a refusal, or the pieces of a watch."""
        following = self._play(call)
        return (
            Pieces(following.status, following.headers, [following.body])
            if isinstance(following, Response)
            else following
        )

    def _play(self, call):
        self.calls.append(call)
        following = self.answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following


class Pieces:
    """A stream of these pieces; an exception among them is raised."""

    def __init__(self, status, headers, pieces):
        self.status, self.headers, self.pieces, self.closed = status, headers, pieces, 0

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if self.closed:
                return
            yield piece

    def close(self):
        """Count it."""
        self.closed += 1


class Ledger:
    """A write listener that notes what it hears."""

    def __init__(self):
        self.heard = []

    def written(self, gvk, obj, *, replaced=None):
        """Note it."""
        self.replaced = replaced
        self.heard.append(("written", gvk.kind, str(obj.key), obj.meta.resource_version))
        self.last = obj

    def deleted(self, gvk, key, *, uid, remaining):
        """Note it."""
        self.heard.append(("deleted", gvk.kind, str(key), uid, remaining is not None))

    def unknown(self, gvk, key):
        """Note it."""
        self.heard.append(("unknown", gvk.kind, str(key)))
