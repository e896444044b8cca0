"""The way to a board: what ssh is told, and what becomes of programs that run there.  ssh's place is taken by a local shell, and once by nobody."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.hil import program as programs
from tests.hil.config import Config
from tests.hil.program import BOOTSTRAP, package
from tests.hil.ssh import BoardTroubleError, Host, Program, Ssh, UnreachableError
from tests.oracles import needs
from tests.unit.hil import stand_in
from tools.bench import rsync

TALKER = """
from tests.hil.on_board import talk

@talk.program
def start(given):
    talk.say("begun", given=given["word"])
    for order in talk.orders():
        if "fail" in order:
            raise OSError(order["fail"])
        if "end" in order:
            return
        if "raw" in order:
            print(order["raw"], flush=True)
        else:
            talk.say("heard", order=order)
    talk.say("alone")
"""


@pytest.fixture
def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ssh:
    """A board that is this machine, with one more program for it."""
    place = tmp_path / "programs"
    place.mkdir()
    for each in programs.PLACE.glob("*.py"):
        (place / each.name).write_text(each.read_text(encoding="utf-8"), encoding="utf-8")
    (place / "talker.py").write_text(TALKER)
    monkeypatch.setattr(programs, "PLACE", place)
    return stand_in.reached(tmp_path)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("board", Host("board")),
        ("pi@board.local", Host("board.local", "pi")),
        ("pi@10.0.0.7:2222", Host("10.0.0.7", "pi", 2222)),
    ],
)
def test_a_host_is_read(text: str, host: Host) -> None:
    """And written as it was."""
    assert Host.parse(text) == host
    assert str(host) == text


@pytest.mark.parametrize(
    "text",
    ["", "-oProxyCommand=x", "pi@-board", "pi@board:0", "pi@board:65536", "pi@board:x", "a b", "pi@bo;ard", "@board"],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """Above all what ssh would take for an option, or a shell for a command."""
    with pytest.raises(ValueError, match="HOST"):
        Host.parse(text)


def test_ssh_never_asks_and_shares_one_connection(tmp_path: Path) -> None:
    """What it is told, and in which order: the host stands behind ``--``, the command is one word."""
    way = Ssh(Host("board", "pi", 22), tmp_path, tmp_path / "known", tmp_path / "key")
    command = way.command(["echo", "it's", "$HOME"])
    assert command[0] == "ssh"
    assert command[-4:] == ["-T", "--", "board", "echo 'it'\"'\"'s' '$HOME'"]
    options = dict(each.split("=", 1) for flag, each in pairwise(command) if flag == "-o")
    assert options["BatchMode"] == "yes"
    assert options["StrictHostKeyChecking"] == "accept-new"
    assert options["ControlMaster"] == "auto"
    assert options["ControlPath"].startswith(str(tmp_path))
    assert options["IdentitiesOnly"] == "yes"
    assert replace(way, strict=True).command(["true"]).count("StrictHostKeyChecking=yes") == 1
    assert "IdentityFile" not in " ".join(replace(way, key=None).command(["true"]))


@needs("ssh")
def test_openssh_understands_it(tmp_path: Path) -> None:
    """The real client takes every option: it says what it would do."""
    command = Ssh(Host("board", "pi", 2222), tmp_path, tmp_path / "known").command(["true"])
    at = command.index("--")
    told = subprocess.run(
        [*command[:at], "-G", *command[at:]], capture_output=True, text=True, check=True, timeout=20
    ).stdout
    assert {"batchmode yes", "port 2222", "user pi", "stricthostkeychecking accept-new"} <= set(told.splitlines())


def test_a_command_there(way: Ssh) -> None:
    """What it prints, what it is given, and how it fails."""
    assert way.run(["printf", "%s", "a b  c'd"]) == b"a b  c'd"
    assert way.run(["cat"], given=b"\x00\xff") == b"\x00\xff"
    with pytest.raises(BoardTroubleError, match="ended with 3: so it goes"):
        way.run(["sh", "-c", "echo so it goes >&2; exit 3"])
    with pytest.raises(UnreachableError, match="no route"):
        way.run(["sh", "-c", "echo no route >&2; exit 255"])
    with pytest.raises(UnreachableError, match="within"):
        way.run(["sleep", "30"], timeout_s=0.2)


def test_a_command_of_roots(way: Ssh) -> None:
    """By way of sudo, which is not asked for a password; whoever is root needs none."""
    asked = replace(way, root=("sudo", "-n")).command(["id"])
    assert way.control.joinpath("sudo").exists()
    assert asked[-1] == "id"
    assert replace(way, root=("sudo", "-n")).as_root(["echo", "x"]) == b"x\n"
    assert replace(way, root=()).as_root(["echo", "x"]) == b"x\n"


def test_a_program_there_talks(way: Ssh) -> None:
    """It is started by what it is given, is told, answers, and ends when it is left alone."""
    with way.start("talker", {"word": "w\n'\""}) as program:
        assert program.expect("begun").text("given") == "w\n'\""
        program.tell(a=1)
        assert program.expect("heard").facts == {"order": {"a": 1}}
    assert program._process.returncode == 0


def test_a_programs_trouble_is_told(way: Ssh) -> None:
    """In its own words, and afterwards nothing more comes."""
    with way.start("talker", {"word": ""}) as program:
        program.expect("begun")
        program.tell(fail="the pin is taken")
        with pytest.raises(BoardTroubleError, match=r"talker on engineer@board:2222: OSError: the pin is taken"):
            program.expect("heard")
        assert program.hear() is None


def test_what_no_program_says_is_refused(way: Ssh) -> None:
    """Another kind, no JSON, silence, an end."""
    with way.start("talker", {"word": ""}) as program:
        with pytest.raises(BoardTroubleError, match="says 'begun' where 'heard' was due"):
            program.expect("heard")
        program.tell(raw="hello")
        with pytest.raises(BoardTroubleError, match="no program of ours says"):
            program.expect("heard")
        with pytest.raises(TimeoutError, match="talker"):
            program.hear(0.05)
        program.tell(end=True)
        with pytest.raises(BoardTroubleError, match="ended with 0: without a word"):
            program.expect("heard")
        program.tell(a=1)  # nobody is there, and that is no trouble of whoever tells


def test_a_program_that_breaks_shows_its_trace(way: Ssh) -> None:
    """What is not of the board is a fault of the program, and all that it said is shown."""
    with way.start("talker", {}) as program, pytest.raises(BoardTroubleError, match="KeyError: 'word'"):
        program.expect("begun")


def test_a_connection_that_breaks_is_told_from_a_program_that_ends(way: Ssh, tmp_path: Path) -> None:
    """By ssh's own status."""
    (tmp_path / "gone").touch()
    with way.start("talker", {"word": ""}) as program, pytest.raises(UnreachableError, match="no route to host"):
        program.expect("begun")
    with pytest.raises(UnreachableError, match="no route to host"):
        way.run(["true"])


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    """A program that floods the desk is not kept in memory."""
    flood = ["sh", "-c", "head -c 200000 /dev/zero"]
    with Program(flood, b"", "flood") as program, pytest.raises(BoardTroubleError, match="too long"):
        program.hear()


def test_a_program_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ignores that its input ended."""
    monkeypatch.setattr("tests.hil.ssh.CONNECT_S", 0.2)
    with Program(["sh", "-c", "exec sleep 60"], b"", "deaf") as program:
        pass
    assert program._process.returncode == -9


def test_only_programs_of_ours_are_started() -> None:
    """A name that is none is refused, and so are the modules that they share."""
    assert set(programs.names()) >= {"facts", "lights", "contacts", "camera", "sound", "store", "sign", "echo", "cuts"}
    for name in ("talk", "../ssh", "nothing"):
        with pytest.raises(ValueError, match="there is no program"):
            package(name, {})


def test_the_programs_bring_along_all_that_they_import() -> None:
    """What they import of ours is the wheel's, or goes with them: `tests` is not on a board."""
    for path in sorted(programs.PLACE.glob("*.py")):
        imported = set(re.findall(r"^from (tests\.[a-z_.]+) import ([a-z_, ]+)", path.read_text(), re.MULTILINE))
        names = {name.strip() for module, names in imported for name in names.split(",")}
        assert {module for module, _ in imported} <= {"tests.hil.on_board"}, path.name
        assert names <= set(programs.SHARED), path.name
        assert "tools" not in re.findall(r"^(?:from|import) ([a-z_]+)", path.read_text(), re.MULTILINE)


def test_the_bootstrap_is_plain_python() -> None:
    """It compiles, and takes its program from a line, not from the command."""
    compile(BOOTSTRAP, "bootstrap", "exec")
    assert b"\n" not in package("facts", {"a": "b\nc"})[:-1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Ssh]:
    """OpenSSH on both sides, on the loopback."""
    place = tmp_path / "server"
    place.mkdir()
    python = Config.read(stand_in.environment(tmp_path)).python
    with rsync.server(place) as running, tempfile.TemporaryDirectory() as control:
        port = int(re.findall(r"-p (\d+)", running.ssh)[0])
        host = Host("127.0.0.1", None, port)
        way = Ssh(host, Path(control), tmp_path / "known", place / "user", python=python, root=())
        yield way
        way.leave()


@needs("ssh", "sshd")
def test_a_real_server(served: Ssh) -> None:
    """A key that was never met is kept, another one is then refused, and a file of known keys is all there is."""
    strict = replace(served, strict=True)
    with pytest.raises(UnreachableError, match="Host key verification failed"):
        strict.run(["true"])
    told = served.ask("sign", given={"part": "file", "digests": ["00" * 32, "ff" * 32]})
    assert told.text("kind") == "software"
    assert served.control.joinpath("c").is_socket()  # all of it goes over one connection
    served.leave()
    assert not served.control.joinpath("c").exists()
    assert strict.run(["echo", "$HOME"]) == b"$HOME\n"
    served.leave()
    name, kind, _ = served.known.read_text().split()
    assert served.key is not None
    another = served.key.with_suffix(".pub").read_text().split()[1]
    served.known.write_text(f"{name} {kind} {another}\n")
    with pytest.raises(UnreachableError, match="(?i)host key"):
        served.run(["true"])


@needs("ssh", "sshd")
def test_a_program_ends_with_its_connection(served: Ssh, tmp_path: Path) -> None:
    """When the desk is gone, without a word, the program's input ends, and so does the program: no light stays lit for it."""
    mark = tmp_path / "ended"
    os.mkfifo(mark)
    command = served.command(["sh", "-c", f'echo \'{{"says": "on"}}\'; cat >/dev/null; echo over >{mark}'])
    with Program(command, b"", "light") as program:
        program.expect("on")
        program._process.kill()
        assert mark.read_text() == "over\n"
