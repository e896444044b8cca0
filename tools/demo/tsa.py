"""A time-stamping authority for the demo and for tests: OpenSSL's, behind a small HTTP server on this machine alone.

It stands for one on the internet, whose word is worth something because nobody here has its key.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY: Final = "1.2.3.4.1"
REQUEST, REPLY = "application/timestamp-query", "application/timestamp-reply"
ROOT: Final = "tsa-root.crt.pem"
_LONGEST: Final = 4096
_CONFIG: Final = """\
[tsa]
default_tsa = here
[here]
serial = {home}/serial
signer_cert = {home}/tsa.crt.pem
signer_key = {home}/tsa.key.pem
signer_digest = sha256
default_policy = {policy}
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_alg = sha256
"""


def available() -> bool:
    """Whether OpenSSL's command is there."""
    return shutil.which("openssl") is not None


class TimeAuthority:
    """An authority in a directory of its own, with fresh keys."""

    def __init__(self, home: Path, *, name: str = "Time for demonstration") -> None:
        """Make it; ``root`` is the file to believe."""
        home.mkdir(parents=True)
        self.home = home
        self.root = home / ROOT
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _certificate(f"{name} root", root_key, None)
        signer = _certificate(name, key, (root, root_key))
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (home / "tsa.crt.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
        (home / "tsa.key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (home / "serial").write_text("01\n")
        (home / "tsa.cnf").write_text(_CONFIG.format(home=home, policy=POLICY))

    def reply(self, request: bytes) -> bytes:
        """Answer a TimeStampReq with a TimeStampResp, both in DER."""
        query, answer = self.home / "request.tsq", self.home / "reply.tsr"
        query.write_bytes(request)
        command = f"openssl ts -reply -config {self.home}/tsa.cnf -queryfile {query} -out {answer}"
        subprocess.run(command.split(), check=True, capture_output=True)
        return answer.read_bytes()


class TimeServer:
    """Serves an authority over HTTP, one request after the other, as long as its ``with`` block lasts."""

    def __init__(self, authority: TimeAuthority) -> None:
        """Listen at a free port of this machine."""
        self._server = HTTPServer(("127.0.0.1", 0), partial(_Handler, authority))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="time-stamps")
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, authority: TimeAuthority, *rest: object) -> None:
        self._authority = authority
        super().__init__(*rest)  # type: ignore[arg-type]  # handed on as the server gives it

    def do_POST(self) -> None:
        """One request, one reply."""
        length = min(int(self.headers.get("Content-Length", "0")), _LONGEST)
        reply = self._authority.reply(self.rfile.read(length))
        self.send_response(200)
        self.send_header("Content-Type", REPLY)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    above: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
) -> x509.Certificate:
    """A root, or below ``above`` the certificate of an authority."""
    now = datetime.now(UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if above is None else above[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=above is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if above is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(key if above is None else above[1], hashes.SHA256())
