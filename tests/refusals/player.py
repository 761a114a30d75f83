"""Plays bad requests to a server over TLS: `python -m tests.refusals.player [KUBECONFIG]`.

With a kubeconfig it asks that real server, whose controllers MUST NOT run, and keeps what it says in
tests/refusals/recorded.jsonl.gz. Without one it asks ours and prints how many answers are equal, and each other one
with `-v`.
"""

import base64
import gzip
import http.client
import json
import re
import socket
import ssl
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from informers.runtime import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions
from tests.refusals import corpus
from tests.refusals.wires import wires

RECORDED = Path(__file__).parent / "recorded.jsonl.gz"
COUNT = 800
PATIENCE, QUIET = 20.0, 0.5
"""Seconds until the first byte of an answer must come, and after which no more are waited for."""
LONGEST = 600
"""Characters of a message that count."""
FIXED = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"20[2-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z", "TIME"),
    (r'(resourceVersion[\\":]+)[0-9]+', r"\1RV"),
    (r"in record \([0-9]+\)|too old resource version: [0-9]+ \([0-9]+\)", "RV"),
    (r"current: [0-9]+", "current: RV"),
)


class Player:
    """Asks one server."""

    def __init__(self, kubeconfig):
        config = yaml.safe_load(Path(kubeconfig).read_text())
        cluster, self.token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        self._host, self._port = urlsplit(cluster["server"]).hostname, urlsplit(cluster["server"]).port
        held = cluster.get("certificate-authority-data")
        data = base64.b64decode(held) if held else Path(cluster["certificate-authority"]).read_bytes()
        self._context = ssl.create_default_context(cadata=data.decode())

    def play(self, request):
        """Return what a request is answered with."""
        connection = http.client.HTTPConnection(self._host)
        connection.sock = self._connect()
        try:
            connection.putrequest(request["method"], request["target"], skip_host=True, skip_accept_encoding=True)
            for name, value in request["headers"].items():
                connection.putheader(name, value)
            for name, value in (("host", "kubernetes"), ("authorization", f"Bearer {self.token}")):
                connection.putheader(name, value)
            if request["body"] or request["method"] in ("POST", "PUT", "PATCH"):
                connection.putheader("content-length", len(request["body"]))
            connection.endheaders(request["body"] or None)
            answer = connection.getresponse()
            return self._settled(answer.status, answer.getheader("content-type", ""), answer.read())
        finally:
            connection.close()

    def speak(self, data):
        """Send bytes and return the answers, until nothing comes any more."""
        wire = self._connect()
        try:
            return self._answers(wire, data)
        finally:
            wire.close()

    def _answers(self, wire, data):
        with suppress(OSError):  # it may answer before all was sent
            wire.sendall(data)
        text = b""
        with suppress(OSError):
            while piece := wire.recv(65536):
                text += piece
                wire.settimeout(QUIET)  # for the first answer it waits longer
        found = []
        for part in re.split(rb"(?=HTTP/1\.[01] \d{3} )", text):
            head, _, body = part.partition(b"\r\n\r\n")
            if head and not head.startswith(b"HTTP/1.1 100"):
                kind = next(
                    (line[14:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-type: ")), b""
                )
                found.append(self._settled(int(head.split()[1]), kind.decode(), body))
        return found

    def _connect(self):
        raw = socket.create_connection((self._host, self._port), timeout=PATIENCE)
        return self._context.wrap_socket(raw, server_hostname="kubernetes")

    def _settled(self, code, kind, body):
        """Return (code, reason, message); the message of what is no Status is its text."""
        if code < 300:
            return [code, "", ""]
        try:
            status = json.loads(body)
            reason, message = status.get("reason", ""), status["message"]
        except (ValueError, KeyError, AttributeError, UnicodeDecodeError):
            reason, message = kind.partition(";")[0], body.decode(errors="replace")
        for pattern, fixed in FIXED:
            message = re.sub(pattern, fixed, message.replace(self.token, "TOKEN"))
        return [code, reason, message[:LONGEST]]


def played(player):
    """Yield (name, request, answer) of all: what sets up, the numbered ones, those of the wire."""
    for number, request in enumerate(corpus.setup()):
        yield f"setup {number}", request, player.play(request)
    for number in range(COUNT):
        request = corpus.request(number)
        yield f"request {number}", request, player.play(request)
    named = list(wires(player.token))
    with ThreadPoolExecutor(8) as threads:  # each waits a while for more to come
        for (name, data), answer in zip(named, threads.map(player.speak, (data for _, data in named)), strict=True):
            yield f"wire {name}", data, answer


def record(kubeconfig):
    """Ask a real server and keep what it says."""
    player = Player(kubeconfig)
    lines = [[name, answer] for name, _, answer in played(player)]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    RECORDED.write_bytes(gzip.compress(text.encode(), mtime=0))


def recorded():
    """Return {name: answer} of the real server."""
    return dict(map(json.loads, gzip.decompress(RECORDED.read_bytes()).decode().splitlines()))


def compared(player):
    """Yield (name, request, ours, theirs) of all that was recorded."""
    theirs = recorded()
    for name, request, answer in played(player):
        yield name, request, answer, theirs[name]


def main(arguments):
    """Record, or compare and print."""
    kubeconfigs = [argument for argument in arguments if not argument.startswith("-")]
    if kubeconfigs:
        return record(kubeconfigs[0])
    cluster = Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset()))
    with tempfile.TemporaryDirectory() as folder, ApiServer(cluster) as server:
        player = Player(server.kubeconfig(Path(folder) / "kubeconfig"))
        lines = list(compared(player))
    other = [line for line in lines if line[2] != line[3]]
    for name, request, ours, theirs in other if "-v" in arguments else ():
        sys.stdout.write(f"\n{name}: {str(request)[:700]}\n  ours   {ours}\n  theirs {theirs}\n")
    sys.stdout.write(f"{len(lines) - len(other)} of {len(lines)} equal\n")
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
