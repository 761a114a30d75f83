"""Servers on real sockets that follow a script, and the certificates they show."""

import itertools
import socket
import ssl
import struct
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from informers.observe import Observer
from informers.runtime import ThreadRuntime


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock, server):
        self.sock, self.server, self.buffer = sock, server, b""

    def requests(self):
        """Yield the requests that come in, each with method, target, headers and body, until the client hangs up."""
        while request := self.request():
            yield request

    def request(self):
        """Read one request; None when the client hung up."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.server.heads.append(head.decode())
        line, *fields = head.decode().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        while len(self.buffer) < int(headers.get("content-length", 0)):
            self._more()
        body, self.buffer = self.buffer, b""
        request = SimpleNamespace(method=method, target=target, headers=headers, body=body)
        self.server.requests.append(request)
        return request

    def _more(self):
        try:
            piece = self.sock.recv(65536)
        except OSError:
            return False
        self.buffer += piece
        return bool(piece)

    def send(self, *pieces):
        """Send bytes as they are."""
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.sock.sendall(piece)

    def answer(self, body=b"{}", status=200, **headers):
        """Send a whole answer."""
        fields = {"Content-Length": len(body), **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.send(f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode(), body)

    def reset(self):
        """Break the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hold(self):
        """Keep the connection open until the client hangs up or the test is over."""
        self.sock.settimeout(0.02)
        while not self.server.over.is_set():
            try:
                if not self.sock.recv(65536):
                    return
            except TimeoutError:
                continue
            except OSError:
                return


class Server:
    """Runs a script for each connection that comes in, each in a thread of its own."""

    def __init__(self, script, context=None):
        self.script, self.context = script, context
        self.requests, self.heads, self.connections, self.over = [], [], 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock):
        with suppress(OSError), closing(sock):
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            with closing(sock):
                self._run(sock)

    def _run(self, sock):
        try:
            if self.context is not None:
                sock.do_handshake()
            self.script(Peer(sock, self))
        except ssl.SSLError:
            while socket.socket.recv(sock, 65536):  # a reset would overtake the alert
                continue

    def close(self):
        """Stop listening, end all scripts that hold. Idempotent."""
        if self.over.is_set():
            return
        self.over.set()
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)


class Quick(ThreadRuntime):
    """Real time and threads, but sleeping is only noted."""

    def __init__(self):
        super().__init__()
        self.slept = []

    def sleep(self, seconds):
        """Note it."""
        self.slept.append(seconds)


class Notes(Observer):
    """Notes what it hears."""

    def __init__(self):
        self.attempts, self.retries = [], []

    def request(self, call, *, status, seconds, host):
        """Note it."""
        self.attempts.append(status)

    def retry(self, call, *, status, host):
        """Note it."""
        self.retries.append(status)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def answering(**answer):
    """Return a script that answers everything alike."""

    def script(peer):
        for _ in peer.requests():
            peer.answer(**answer)

    return script


def in_turn(*acts):
    """Return a script in which the n-th request, over all connections, meets the n-th act; the last one repeats."""
    left = list(acts)

    def script(peer):
        for _ in peer.requests():
            act = left.pop(0) if len(left) > 1 else left[0]
            if act(peer) == "done":
                return

    return script


def chunk(data):
    """Return data as one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def rotating(folder, content):
    """Put a token below a symbolic link, and return a function that swaps it as the kubelet does."""
    versions = itertools.count()

    def swap(token):
        version = folder / f"version-{next(versions)}"
        version.mkdir()
        (version / "token").write_text(f"{token}\n")
        (folder / "next").symlink_to(version)
        (folder / "next").rename(folder / "data")

    swap(content)
    return swap


class Authority:
    """Signs certificates."""

    def __init__(self, name="authority"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None), 1)
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def _sign(self, subject, key, extension, days):
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=True)
        return (
            builder.not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=days))
            .sign(self.key, SHA256())
        )

    def issue(self, *names, days=1):
        """Return a certificate for these names and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName(alternatives), days)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM), secret

    def context(self, folder, *names, clients=None, **options):
        """Return a server's TLS context, asking clients for certificates of an authority if given."""
        folder.mkdir(exist_ok=True)
        (folder / "server.pem").write_bytes(b"".join(self.issue(*names, **options)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem.decode())
        return context
