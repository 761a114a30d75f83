"""A TCP relay between one client and a server, whose wire a test can cut."""

import contextlib
import json
import selectors
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import yaml


class Relay:
    """Carries bytes both ways until it is cut; then what is under way is lost, and nothing new gets through."""

    def __init__(self, target):
        self._target, self._pairs, self._cut = target, {}, False
        self._selector, self._lock = selectors.DefaultSelector(), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port = self._listener.getsockname()[1]
        self._stopping = False
        self._thread = threading.Thread(target=self._carry, name="relay", daemon=True)
        self._thread.start()

    def cut(self):
        """Let nothing through any more; nobody is told, as when a cable is pulled."""
        self._cut = True

    def close(self):
        """End it."""
        self._stopping = True
        self._thread.join(5)
        for one in [*self._pairs, self._listener]:
            one.close()
        self._selector.close()

    def _carry(self):
        while not self._stopping:
            for key, _ in self._selector.select(0.05):
                if self._cut:
                    continue
                self._accept() if key.fileobj is self._listener else self._pass_on(key.fileobj)

    def _accept(self):
        inside, _ = self._listener.accept()
        try:
            outside = socket.create_connection(self._target, timeout=5)
        except OSError:
            inside.close()
            return
        for one, other in ((inside, outside), (outside, inside)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one):
        other = self._pairs.get(one)
        if other is None:
            return
        try:
            data = one.recv(1 << 16)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (one, other):
                self._pairs.pop(end, None)
                with contextlib.suppress(KeyError):
                    self._selector.unregister(end)
                end.close()


def through(relay_of, kubeconfig, folder, name, groups=("system:masters",)):
    """Write a kubeconfig of a user called `name` in these groups, by a relay; return (path, relay)."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    server = urlsplit(cluster["server"])
    relay = relay_of((server.hostname, server.port))
    cluster["server"] = f"https://127.0.0.1:{relay.port}"
    user |= {"as": name, "as-groups": [*groups]}
    path = Path(folder) / f"kubeconfig-{name}"
    path.write_text(json.dumps(config))
    return str(path), relay
