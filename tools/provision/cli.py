"""``lapel provision``."""

from __future__ import annotations

import argparse
import base64
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firmware import settings
from firmware.evidence.certs import read_pem
from firmware.evidence.errors import EvidenceError
from tools.provision import bundle_cli, pqroot, recall_cli, time_cli
from tools.provision.authority import SETTINGS_FILE, Authority, Changes, create_authority
from tools.provision.enrol import YEARS, enrol_desk, enrol_device, enrol_dock, enrol_release, enrol_second, enrol_update
from tools.provision.factory import command
from tools.provision.files import ProvisionError, replace
from tools.provision.trying import tried

_ABOUT = """\
Make an authority, and enrol cameras, docks and desks with it.

  lapel provision authority authority/                                    once: certificates, keys, settings
  lapel provision device cam-1 --authority authority/ --port /dev/ttyACM0 for each camera, over its dock link
  lapel provision device cam-1 --authority authority/ --out cam-1/        or, for a simulated one, as files
  lapel provision dock dock-1 --authority authority/ --out dock-1/        for each dock
  lapel provision desk desk-1 --authority authority/ --out desk-1/        for each place that exports footage
  lapel provision second cam-1 --authority authority/ --out cam-1/        optional: its key for second signatures
  lapel provision settings --authority authority/ --set pre_event_s=60    new settings, which docks hand on
  lapel provision update build-1 --authority authority/ --out build-1/    optional: who signs firmware elsewhere
  lapel provision recall cam-1 --authority authority/ --into dock-1/ --reason lost     it records nothing more
  lapel provision bundle lapel.raucb --signer build-1/ --board pi-zero-2 --version 1.4.0 --serial 12

Keep the authority's directory where nobody else comes: its keys certify cameras and docks, and authority.agekey and
escrow.agekey open all footage.  Take escrow.agekey away to a second place, and keep neither on a camera or a dock.

Exit status: 0 done; 1 not done, and the message says why; 2 the command was wrong.
"""
_SETTINGS_HELP = (
    "a setting for the cameras, like pre_event_s=60; whole numbers, true and false are taken as such, all else as text.  "
    "What a camera would refuse is refused here.  May be repeated"
)
_RECIPIENT_HELP = (
    "encrypt to this age public key, like escrow=age1...; replaces the keys that the role had.  The roles authority and "
    "escrow are always there, others may be added.  May be repeated"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``provision`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    provision = subparsers.add_parser(
        "provision",
        help="make an authority; enrol cameras, docks and desks",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = provision.add_subparsers(title="what to make", metavar="WHAT", required=True)
    _add_authority(commands)
    _add_enrolment(commands, "device", "enrol a camera: OUT becomes the content of its config partition")
    _add_enrolment(commands, "dock", "enrol a dock: 'lapel dock serve' starts from OUT")
    _add_enrolment(commands, "desk", "enrol a desk: OUT holds what it signs exports with")
    _add_enrolment(commands, "update", "enrol an update signer: OUT holds what it signs firmware bundles with")
    command.add_labels(commands, run)
    _add_second(commands)
    bundle_cli.add_bundle(commands, run)
    _add_enrolment(
        commands, "releaser", "enrol a release signer: OUT holds what consents that a recalled camera records again"
    )
    recall_cli.add_recalls(commands, run)
    _add_settings(commands)
    time_cli.add_time(commands, run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out a parsed command and say what was made; the exit status."""

    def act() -> int:
        sys.stdout.write(arguments.make(arguments) + "\n")
        return 0

    return tried(act)


def _add_authority(commands: Any) -> None:
    parser = commands.add_parser(
        "authority",
        help="make an authority in a new directory",
        description="Make an authority in the new directory DIR: a root certificate and those right below it with their "
        "keys, age key pairs for authority and escrow, and the first settings.  An authority is never overwritten.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="where to make it")
    parser.add_argument("--name", default="Lapel", help="what it is called in its certificates (default: %(default)s)")
    parser.add_argument(
        "--post-quantum",
        action="store_true",
        help="make the age keys of the class mlkem768x25519, which a quantum computer does not open either: age reads "
        "them from version 1.3 on.  All recipients have to be of that class then.  Also makes the root of second signatures",
    )
    _add_changes(parser)
    parser.set_defaults(run=run, make=_make_authority)


def _add_enrolment(commands: Any, what: str, text: str) -> None:
    about = command.ABOUT if what == "device" else f"{text[0].upper()}{text[1:]}."
    parser = commands.add_parser(
        what,
        help=text.partition(":")[0],
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    name = command.pattern if what == "device" else _name
    parser.add_argument("name", type=name, metavar="NAME", help="1 to 32 of a-z 0-9 -; a name is given only once")
    parser.add_argument("--authority", type=Path, required=True, metavar="DIR", help="the authority's directory")
    parser.add_argument(
        "--out", type=Path, required=what != "device", metavar="OUT", help="where to write; made if it is not there"
    )
    if what == "device":
        command.add_options(parser)
        parser.add_argument(
            "--public-key",
            type=Path,
            metavar="PEM",
            help="the public key that the camera's hardware made; then no private key is written",
        )
        _add_changes(parser)
    else:
        parser.add_argument(
            "--years", type=_years, default=YEARS, help="how long it is believed (default: %(default)s)"
        )
    parser.set_defaults(
        run=command.runner(run, _changes) if what == "device" else run, make=_MAKERS[what], parser=parser
    )


def _add_second(commands: Any) -> None:
    parser = commands.add_parser(
        "second",
        help="have a camera sign its manifests with ML-DSA-65, too",
        description="Give an enrolled camera a key with which it signs each manifest a second time, with ML-DSA-65, which a "
        "quantum computer cannot forge.  The key is software on the camera.  Its certificate stands on a root of its own, "
        "pq-root.crt.pem in the authority's directory, which the first such key makes: 'lapel verify --pq-root' believes it.",
    )
    parser.add_argument("name", type=_name, metavar="NAME", help="the name of an enrolled camera")
    parser.add_argument("--authority", type=Path, required=True, metavar="DIR", help="the authority's directory")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="what becomes its config partition")
    parser.set_defaults(run=run, make=_make_second)


def _add_settings(commands: Any) -> None:
    parser = commands.add_parser(
        "settings",
        help="sign new settings",
        description="Sign new settings with the next serial.  What is not named stays as it was.  Cameras take them from "
        "a dock, and docks from their directory: name it with --into, or copy settings.jws there.",
    )
    parser.add_argument("--authority", type=Path, required=True, metavar="DIR", help="the authority's directory")
    parser.add_argument(
        "--revoke",
        action="append",
        default=[],
        metavar="WHAT",
        help="believe this certificate no more: device/NAME, dock/NAME, update/NAME, update (the authority's own update signer), or a "
        "fingerprint.  May be repeated",
    )
    parser.add_argument(
        "--since",
        type=_time,
        metavar="TIME",
        help="with --revoke: what they signed counts for nothing from this time on (like 2026-03-04T05:06:07Z; default: "
        "from now on).  Cameras and docks believe them no more at once",
    )
    parser.add_argument(
        "--into",
        action="append",
        default=[],
        type=Path,
        metavar="OUT",
        help="also put the settings in force into the directory of a dock or a camera.  May be repeated",
    )
    _add_changes(parser)
    parser.add_argument(
        "--time-root",
        type=Path,
        metavar="FILE",
        help="the certificate (PEM) of whose time stamps (RFC 3161) cameras move a clock by more than a day; under which policy "
        "alone is --set time_policy=OID.  An empty file believes nobody any more",
    )
    parser.set_defaults(run=run, make=_make_settings, parser=parser)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], type=_setting, metavar="KEY=VALUE", help=_SETTINGS_HELP)
    parser.add_argument(
        "--recipient", action="append", default=[], type=_recipient, metavar="ROLE=KEY", help=_RECIPIENT_HELP
    )


def _make_authority(arguments: argparse.Namespace) -> str:
    authority = create_authority(
        arguments.directory, arguments.name, _changes(arguments), post_quantum=arguments.post_quantum
    )
    made = [role for role in ("authority", "escrow") if (authority.directory / f"{role}.agekey").exists()]
    keys = f"; {' and '.join(f'{role}.agekey' for role in made)} open all footage: guard them" if made else ""
    return f"made the authority {authority.name!r} in {authority.directory}{keys}"


def _make_device(arguments: argparse.Namespace) -> str:
    authority, out = Authority.open(arguments.authority), arguments.out
    enrol_device(authority, arguments.name, out, public_key=arguments.public_key, changes=_changes(arguments))
    return f"enrolled the camera {arguments.name}: move what is in {out} to its config partition, and keep no copy"


def _make_dock(arguments: argparse.Namespace) -> str:
    enrol_dock(Authority.open(arguments.authority), arguments.name, arguments.out, years=arguments.years)
    return f"enrolled the dock {arguments.name}: start it with 'lapel dock serve --identity {arguments.out}'"


def _make_desk(arguments: argparse.Namespace) -> str:
    enrol_desk(Authority.open(arguments.authority), arguments.name, arguments.out, years=arguments.years)
    return f"enrolled the desk {arguments.name} in {arguments.out}; what decrypts footage stays with the authority"


def _make_update(arguments: argparse.Namespace) -> str:
    enrol_update(Authority.open(arguments.authority), arguments.name, arguments.out, years=arguments.years)
    return f"enrolled the update signer {arguments.name}: 'lapel provision bundle FILE --signer {arguments.out}' signs"


def _make_releaser(arguments: argparse.Namespace) -> str:
    enrol_release(Authority.open(arguments.authority), arguments.name, arguments.out, years=arguments.years)
    return f"enrolled the release signer {arguments.name}: give {arguments.out} to somebody who does not hold the authority's keys"


def _make_second(arguments: argparse.Namespace) -> str:
    enrol_second(Authority.open(arguments.authority), arguments.name, arguments.out)
    return f"the camera {arguments.name} signs again with what is in {arguments.out}; {pqroot.CERTIFICATE} believes it"


def _make_settings(arguments: argparse.Namespace) -> str:
    if arguments.since is not None and not arguments.revoke:
        arguments.parser.error("--since says when --revoke begins")
    changes = _changes(arguments)
    if not (changes or arguments.into):
        arguments.parser.error("nothing to do: name --set, --recipient, --revoke, --time-root or --into")
    authority = Authority.open(arguments.authority)
    for directory in arguments.into:
        if not (directory / SETTINGS_FILE).is_file():
            raise ProvisionError(f"{directory} has no {SETTINGS_FILE}: name the directory of a dock or a camera")
    if changes:
        authority = authority.change_settings(changes)
    for directory in arguments.into:
        replace(directory / SETTINGS_FILE, authority.settings_file)
    places = ", ".join(str(place) for place in (authority.directory, *arguments.into))
    return f"settings with serial {authority.settings.payload['serial']} are in force in {places}"


_MAKERS = {
    "device": _make_device,
    "dock": _make_dock,
    "desk": _make_desk,
    "update": _make_update,
    "releaser": _make_releaser,
}


def _changes(arguments: argparse.Namespace) -> Changes:
    values = dict(arguments.set)
    if root := getattr(arguments, "time_root", None):
        values["time_root"] = _time_root(root)
    try:
        settings.load(("--set", values))
    except settings.SettingsError as error:
        raise ProvisionError(str(error)) from None
    revoke, since_ms = tuple(getattr(arguments, "revoke", ())), getattr(arguments, "since", None)
    return Changes(values, tuple(arguments.recipient), revoke, since_ms)


def _time_root(path: Path) -> str:
    """A certificate as settings have it."""
    pem = path.read_bytes()
    if not pem.strip():
        return ""
    try:
        ders = read_pem(pem, str(path))
    except EvidenceError as error:
        raise ProvisionError(str(error)) from None
    if len(ders) != 1:
        raise ProvisionError(f"{path}: {len(ders)} certificates instead of one")
    return base64.b64encode(ders[0]).decode()


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,32}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 32 of a-z 0-9 -")
    return text


def _time(text: str) -> int:
    """A time in UTC, as milliseconds since 1970."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no time in UTC like 2026-03-04T05:06:07Z") from None
    if (milliseconds := (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is before 1970")
    return milliseconds


def _years(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 99")
    return int(text)


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (equals and re.fullmatch(r"[a-z][a-z0-9_]{0,63}", key)):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, like pre_event_s=60")
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})", value):
        return key, int(value)
    return key, {"true": True, "false": False}.get(value, value)


def _recipient(text: str) -> tuple[str, str]:
    role, equals, key = text.partition("=")
    if not (equals and re.fullmatch(r"[a-z0-9-]{1,32}", role) and key):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not ROLE=KEY, like escrow=age1...")
    return role, key
