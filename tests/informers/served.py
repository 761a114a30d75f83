"""A server in a process of its own, which tests can kill and pause; and a relay between it and its clients that lies.

Run as a program: `served.py PORT HISTORY NAME...` serves ConfigMaps of these names under the token `sesame`, answers
versions older than HISTORY changes with 410, and says `ready`.
"""

import contextlib
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TOKEN = "sesame"
FILLER = 40
"""Changes of another object after those named, so that a short history forgets them."""


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """An API server in a process."""

    def __init__(self, port, *names, history=10_000):
        command = [sys.executable, "-m", "tests.informers.served", str(port), str(history), *names]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def signal(self, number):
        """Send a signal to the process."""
        self.process.send_signal(number)

    def kill(self):
        """End it without a word, and wait for its end."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Relay:
    """Carries bytes between clients and a port, until told to drop them silently or to slow down."""

    def __init__(self, port):
        self._port, self._listener = port, socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self.dropping, self.pause = False, 0.0
        self._end, self._gone = threading.Event(), []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def drop(self):
        """From now on the connections that there are carry nothing, and nobody is told; new ones work."""
        self._gone.append(len(self._threads))
        self.dropping = True

    def close(self):
        """End all."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while not self._end.is_set():
            with contextlib.suppress(TimeoutError):
                client = self._listener.accept()[0]
                number = len(self._threads)
                thread = threading.Thread(target=self._carry, args=(client, number))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client, number):
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            other = {client: server, server: client}
            while not self._end.is_set():
                dead = any(number < gone for gone in self._gone)
                for one in select.select(list(other), [], [], 0.05)[0] if not dead else ():
                    data = b"" if self._end.wait(self.pause) else _received(one)
                    if not data:
                        return
                    with contextlib.suppress(OSError):
                        other[one].sendall(data)
                if dead and self._end.wait(0.05):
                    return


def _received(connection):
    try:
        return connection.recv(256)
    except OSError:
        return b""


def main(port, history, names):
    """Serve."""
    from informers.runtime import ThreadRuntime
    from informers.testing.cluster import ClusterOptions
    from informers.testing.fake import FakeCluster
    from informers.testing.server import ApiServer, ServerOptions

    runtime = ThreadRuntime()
    cluster = FakeCluster(runtime=runtime, controllers=False, options=ClusterOptions(history=history))
    for name in names:
        cluster.create(_config_map(name))
    for _ in range(FILLER if history < FILLER else 0):
        cluster.create(_config_map("filler"))
        cluster.delete(("v1", "ConfigMap"), "default/filler")
    server = ApiServer(cluster.cluster, options=ServerOptions(port=port, tls=False, token=TOKEN))
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


def _config_map(name):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
