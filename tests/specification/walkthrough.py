"""``docs/examples``: the tiny volume as files, and commands by which a reader checks it with openssl, jose and age alone."""

from __future__ import annotations

import json
from dataclasses import dataclass

from firmware.evidence.jws import line_hash
from firmware.evidence.keys import hash_of
from tests.specification.annotated import decoded
from tests.specification.example import RECIPIENTS, example


@dataclass(frozen=True, slots=True)
class Step:
    """What a command shows, the command for bash, and what it prints."""

    title: str
    command: str
    prints: str


def steps() -> tuple[Step, ...]:
    """The walk, in order: each step may use what the ones before left."""
    it = example()
    said = {
        name: json.dumps(decoded(line.split(b".")[1]), separators=(",", ":"), sort_keys=True)
        for name, line in it.lines.items()
    }
    recording = "card/recordings/00000001"
    segment = it.files[f"{recording}/000000.mp4.age"]
    key = RECIPIENTS[0].key_file.splitlines()[-1].removeprefix("AGE-SECRET-KEY-1")
    return (
        Step(
            "The certificates of the first line of the journal lead to the root (their dates are another question)",
            """\
work=$(mktemp -d)
openssl verify -no_check_time -CAfile root.crt.pem -untrusted x5c.pem x5c.pem""",
            "x5c.pem: OK\n",
        ),
        Step(
            "Two helpers: the nth certificate of a file, and the key in a certificate as a JWK",
            """\
nth() { awk -v n="$2" '/BEGIN/ { at++ } at == n' "$1"; }
jwk_of() {
  openssl x509 -pubkey -noout | openssl pkey -pubin -outform DER | tail -c 64 > "$work/xy"
  x=$(head -c 32 "$work/xy" | jose b64 enc -I-); y=$(tail -c 32 "$work/xy" | jose b64 enc -I-)
  printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' "$x" "$y"
}
nth x5c.pem 1 | jwk_of > "$work/session.jwk"
nth x5c.pem 2 | jwk_of > "$work/device.jwk\"""",
            "",
        ),
        Step(
            "The opening: its signature, its payload, its hash",
            f"""\
head -n 1 {recording}/journal.jwsl | tr -d '\\n' > "$work/opening"
jose jws ver -i "$work/opening" -k "$work/session.jwk" -O-; echo
sha256sum < "$work/opening\"""",
            f"{said['opening']}\n{line_hash(it.lines['opening'])}  -\n",
        ),
        Step(
            "The first flush: `prev` is the hash above",
            f"""\
sed -n 2p {recording}/journal.jwsl | tr -d '\\n' > "$work/flush"
jose jws ver -i "$work/flush" -k "$work/session.jwk" -O-; echo""",
            f"{said['flush']}\n",
        ),
        Step(
            "The segment on the card is what the flush says (`cipher`)",
            f"sha256sum < {recording}/000000.mp4.age",
            f"{hash_of(segment)}  -\n",
        ),
        Step(
            "age opens it with the authority's key, which is made up and known to everybody; what it holds is what the flush says (`plain`)",
            f"""\
printf 'AGE-SECRET-KEY-1%s\\n' {key} > "$work/authority.key"
age -d -i "$work/authority.key" {recording}/000000.mp4.age > "$work/000000.mp4"
sha256sum < "$work/000000.mp4\"""",
            f"{hash_of(it.plain['000000.mp4.age'])}  -\n",
        ),
        Step(
            "The manifest is signed by the device key, which certified the session",
            f"""\
head -c -1 {recording}/manifest.jws > "$work/manifest"
jose jws ver -i "$work/manifest" -k "$work/device.jwk" -O-; echo
sha256sum < "$work/manifest\"""",
            f"{said['manifest']}\n{line_hash(it.lines['manifest'])}  -\n",
        ),
        Step(
            "A dock's receipt carries its own certificates: dock, dock-ca",
            f"""\
head -c -1 {recording}/receipt.jws > "$work/receipt"
cut -d. -f1 "$work/receipt" | tr -d '\\n' | jose b64 dec -i- > "$work/header"
for n in 1 2; do
  sed 's/.*"x5c":\\["//; s/"\\].*//; s/","/\\n/' "$work/header" | sed -n "$n"p | openssl base64 -d -A | openssl x509 -inform DER
done > "$work/dock.pem"
openssl verify -no_check_time -CAfile root.crt.pem -untrusted "$work/dock.pem" "$work/dock.pem" | sed 's/.*: //'
jwk_of < "$work/dock.pem" > "$work/dock.jwk"
jose jws ver -i "$work/receipt" -k "$work/dock.jwk" -O-; echo""",
            f"OK\n{said['receipt']}\n",
        ),
        Step(
            "The anchor: the same dock countersigns the newest line of the log",
            """\
head -c -1 card/anchor.jws > "$work/anchor"
jose jws ver -i "$work/anchor" -k "$work/dock.jwk" -O-; echo
tail -n 1 card/audit/00000001.jwsl | tr -d '\\n' | sha256sum""",
            f"{said['anchor']}\n{decoded(it.lines['anchor'].split(b'.')[1])['audit']['head']}  -\n",
        ),
        Step(
            "The proof in Hello: the device key over `lapel link 1` and the exporter value (dock protocol, section 2)",
            """\
nth x5c.pem 2 | openssl x509 -pubkey -noout > "$work/device.pub"
{ printf 'lapel link 1'; cat exporter.bin; } | openssl dgst -sha256 -verify "$work/device.pub" -signature proof.der
rm -r "$work\"""",
            "Verified OK\n",
        ),
    )


_HEAD = """\
# Worked examples

One volume as [the evidence format](../evidence-format.md) has it, with a recording of half a second: a white square that moves to the right. `make docs` writes it, the same bytes each time;
its keys come from seeds in `tests/specification/example.py`, so they protect nothing. (A camera would also have written a `stop` record.)

| file | what it is |
|---|---|
| `root.crt.pem` | the authority's root certificate |
| `settings.jws` | the authority's settings, which the opening names by hash |
| `card/` | the volume, after its first docking |
| `x5c.pem` | the certificates of the journal's first line: session, device, device-ca |
| `exporter.bin`, `proof.der` | a TLS exporter value, and the device key's proof over it (dock protocol, section 2) |

`lapel verify card --root root.crt.pem` says WHOLE. The same can be seen without our code, with OpenSSL, a JOSE tool (`jose`) and `age`, in bash, in this folder; below each command stands what it prints.
"""


def readme() -> str:
    """The page beside the files."""
    parts = [_HEAD]
    for number, step in enumerate(steps(), 1):
        parts.append(f"## {number}. {step.title}\n\n```sh\n{step.command}\n```\n")
        if step.prints:
            parts.append(f"```\n{step.prints}```\n")
    return "\n".join(parts)


def files() -> dict[str, bytes]:
    """Everything in the folder by name."""
    return {name: data for name, data in example().files.items() if name != "authority.key"} | {
        "README.md": readme().encode()
    }
