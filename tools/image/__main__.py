"""``python -m tools.image``: what the Makefile and Buildroot's scripts call."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.image import bom, card, config, index, packages, release, root
from tools.image.buildroot import Buildroot
from tools.image.check import Check
from tools.image.trouble import ROOT, ImageError, run
from tools.vm import lock
from tools.vm.rootfs import NOT_ON_A_CAMERA

PLACE = ROOT / "build" / "image"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one thing; 0 if it is done, 1 if something is wrong, which is said."""
    options = _parser().parse_args(arguments)
    try:
        said = options.do(options)
    except ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    if isinstance(said, str):
        sys.stdout.write(said)
    return 0 if said is not False else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.image")
    commands = parser.add_subparsers(required=True, metavar="WHAT")

    def add(
        name: str, what: str, do: Callable[[argparse.Namespace], object], **arguments: type
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what)
        for argument, kind in arguments.items():
            command.add_argument(argument, type=kind)
        command.set_defaults(do=do)
        return command

    check = add("check", "hold the configuration against a tree of Buildroot", _check, source=Path)
    check.add_argument("--kernel", type=Path, help="a kernel's sources, to ask whether it knows the options")
    add("index", "hold our packages' files against the index that pip is set up with", _index)
    add("fetch", "fetch the pinned Buildroot", _fetch, into=Path)
    add(
        "held",
        "refuse a Buildroot that is not the pinned one",
        lambda options: release.held(options.source, release.read()),
        source=Path,
    )
    add("merge", "a board's whole configuration", lambda options: config.merged(options.board), board=str)
    bill = add("bom", "the bill of materials, of Buildroot's own", _bom, source=Path, board=str, version=str)
    bill.add_argument("--wheels", type=Path, help="where the wheels are that images take as they came")
    add("lay-out", "install a wheel without what no camera has", _lay_out, wheel=Path, into=Path)
    add("genimage", "the card, as genimage is told", lambda _: card.genimage(card.partitions()))
    add("autoboot", "which slot a new card starts", lambda _: card.autoboot())
    add("rauc", "RAUC's system.conf", lambda options: card.rauc(options.board), board=str)
    add(
        "manifest",
        "a bundle's manifest",
        lambda options: card.manifest(options.board, options.version),
        board=str,
        version=str,
    )
    add("cmdline", "each slot's command line, in a folder", _cmdline, into=Path, blocks=int, hash=str, salt=str)
    add("sizes", "partitions' sizes in MiB, for a shell", lambda _: card.sizes())
    add("tidy", "take out of a root what no camera has", _tidy, target=Path)
    add("closed", "refuse a root with an open door", lambda options: root.held_closed(options.target), target=Path)
    return parser


def _check(options: argparse.Namespace) -> bool:
    return Check(options.source, PLACE / "check", options.kernel, lambda line: print(line, flush=True)).run()


def _index(_: argparse.Namespace) -> bool:
    where = index.configured()
    found = []
    for package in packages.ours():
        told = index.differences(package, index.listing(where, package.index_name))
        print(f"{'WRONG' if told else 'ok   '} {package.source}")
        found += told
    for line in found:
        print(f"WRONG {line}")
    return not found


def _fetch(options: argparse.Namespace) -> None:
    """Clone the release, unless it is there.  ImageError where what came is not that release."""
    told = release.read()
    if not options.into.exists():
        run(["git", "clone", "--quiet", "--depth", "1", "--branch", told.version, told.url, options.into])
    found = run(["git", "-C", options.into, "rev-parse", "HEAD"])[0].strip()
    if found != told.commit:
        raise ImageError(f"{options.into}: is commit {found}, not {told.commit} of Buildroot {told.version}")


def _bom(options: argparse.Namespace) -> str:
    tree = Buildroot(options.source, options.board, PLACE / options.board)
    tree.configure()
    done = subprocess.run(
        [sys.executable, options.source / "utils" / "generate-cyclonedx"],
        input=json.dumps(tree.packages()),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "BR2_DL_DIR": str(PLACE / "dl")},  # the tree stays as it is
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImageError(f"generate-cyclonedx failed:\n{done.stderr}")
    ours = packages.ours()
    built = [each for each in ours if each.source.endswith(".whl") and options.wheels is not None]
    wheels = {each.name: index.bring(each, options.wheels) for each in built}
    told = bom.bill((f"lapel-{options.board}", options.version), json.loads(done.stdout), ours, wheels)
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _lay_out(options: argparse.Namespace) -> None:
    options.into.mkdir(parents=True, exist_ok=True)
    ours = options.wheel.name.startswith("lapel-")
    lock.lay_out(options.wheel, options.into, NOT_ON_A_CAMERA if ours else ())


def _cmdline(options: argparse.Namespace) -> None:
    hashed = card.Hashed(options.blocks, options.hash, options.salt)
    for slot, end in card.SLOTS.items():
        (options.into / f"cmdline-{end}.txt").write_text(card.command_line(slot, hashed), encoding="utf-8")


def _tidy(options: argparse.Namespace) -> None:
    root.tidy(options.target)
    root.mount_points(options.target)


if __name__ == "__main__":
    sys.exit(main())
