"""Who signs a virtual camera's system updates: a root of its own, made for this build and thrown away with it, and two signers below it."""

from __future__ import annotations

from pathlib import Path

from tools.vm.trouble import run

ROOT = "root.pem"
"""What the camera believes: a certificate."""
GOOD, OTHER = "code", "other"
"""A signer of firmware, and one of the same root whose certificate is for something else."""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
_PURPOSES = {GOOD: "codeSigning", OTHER: "clientAuth"}


def make(place: Path) -> None:
    """Make ``root.pem``, and a ``.pem`` and a ``.key`` for each signer.  VmError where openssl fails."""
    place.mkdir(parents=True)
    authority = [place / ROOT, place / "root.key"]
    run(
        [
            "openssl",
            "req",
            "-x509",
            *_KEY,
            "-days",
            "3650",
            "-subj",
            "/CN=root",
            "-out",
            authority[0],
            "-keyout",
            authority[1],
        ]
    )
    for name, purpose in _PURPOSES.items():
        asked, extensions = place / f"{name}.csr", place / f"{name}.ext"
        run(["openssl", "req", *_KEY, "-subj", f"/CN={name}", "-out", asked, "-keyout", place / f"{name}.key"])
        extensions.write_text(f"extendedKeyUsage=critical,{purpose}\n", encoding="utf-8")
        signing: list[str | Path] = [
            "-CA",
            authority[0],
            "-CAkey",
            authority[1],
            "-days",
            "3650",
            "-extfile",
            extensions,
        ]
        run(["openssl", "x509", "-req", "-in", asked, *signing, "-out", place / f"{name}.pem"])
