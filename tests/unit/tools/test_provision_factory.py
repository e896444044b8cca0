"""The desk that enrols real cameras: names, ledger, samples, labels, and what it says on the command line."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firmware.dock.enrolling import Introduction
from firmware.evidence.keys import hash_of, new_key, public_der, software_sign
from firmware.evidence.recipients import Recipients, parse_recipient
from firmware.evidence.request import make_request
from firmware.evidence.roles import Role
from tests.oracles import needs
from tools.provision import Authority, ProvisionError, add_parser, create_authority, enrol_device
from tools.provision.agekeys import AgeKey
from tools.provision.authority import Changes
from tools.provision.factory import display, samples
from tools.provision.factory.admission import DeclinedError, Desk, Names
from tools.provision.factory.labels import page
from tools.provision.factory.ledger import COLUMNS, ENROLLED, ISSUED, Entry, Ledger
from tools.provision.factory.samples import Keys
from tools.provision.factory.tray import News, Tally, What

Run = Callable[..., int]
FACTS = Introduction((1,), "zero2w", "10000000abcd0001", "0.1.0", "tpm2", None)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A fresh authority, whose keys lie beside it."""
    return create_authority(tmp_path / "authority", "Test")


@pytest.fixture
def lapel() -> Run:
    """The command line; the exit status."""

    def run(*arguments: object) -> int:
        root = argparse.ArgumentParser(prog="lapel")
        add_parser(root.add_subparsers(required=True))
        try:
            options = root.parse_args(["provision", *map(str, arguments)])
            return int(options.run(options))
        except SystemExit as end:
            return int(end.code or 0)

    return run


def entry(number: int = 1, **changed: Any) -> Entry:
    """A line of a ledger."""
    made = Entry(
        utc="2026-11-30T22:48:17Z",
        state=ENROLLED,
        device=f"cam-{number:04}",
        serial=f"10000000abcd{number:04}",
        board="zero2w",
        firmware='0.1.0, as "built"',
        signer="tpm2",
        key=hash_of(b"key %d" % number),
        certificate=hash_of(b"certificate %d" % number),
        port="1-1.2",
    )
    return replace(made, **changed)


# Names.


def test_names_count_up_past_those_that_are_given() -> None:
    """A number is as long as its run of #; what is taken is passed over; at the end it is said."""
    taken = {"cam-01", "cam-03"}
    names = Names("cam-##")
    assert names.many
    for expected in ("cam-02", "cam-04"):
        assert names.free(taken.__contains__) == expected
        taken.add(expected)
    assert Names("a-#-b").free(set[str]().__contains__) == "a-1-b"
    with pytest.raises(DeclinedError, match="one more #"):
        Names("x#").free(lambda _: True)
    assert not Names("cam-1").many
    assert Names("cam-1").free({"cam-2"}.__contains__) == "cam-1"
    with pytest.raises(DeclinedError, match="given once"):
        Names("cam-1").free({"cam-1"}.__contains__)


@pytest.mark.parametrize("pattern", ["", "Cam-#", "cam-#-#", "x" * 33, "cam_#", "#" * 10, "a" * 30 + "###"])
def test_names_that_no_camera_can_have(pattern: str) -> None:
    """Refused before anybody is asked anything."""
    with pytest.raises(ProvisionError):
        Names(pattern)


# The ledger.


def test_the_ledger_keeps_what_it_is_told(tmp_path: Path) -> None:
    """Each line is there for the next process; of a camera the newest counts; any spreadsheet reads it."""
    path = tmp_path / "deep" / "cameras.csv"
    ledger = Ledger(path)
    issued = entry(1, state=ISSUED)
    for each in (issued, entry(2), entry(1)):
        ledger.add(each)
    again = Ledger(path)
    assert again.entries() == ledger.entries() == [entry(1), entry(2)]
    assert again.by_key(entry(2).key) == entry(2)
    assert again.by_key("0" * 64) is None
    assert again.by_serial(entry(1).serial) == entry(1)
    ledger.add(entry(3, serial=""))
    assert ledger.by_serial("") is None, "a board without a number is none that was met before"
    assert ledger.by_key(None) is None
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["state"] for row in rows] == [ISSUED, ENROLLED, ENROLLED, ENROLLED]


def test_half_a_line_does_not_count_and_hides_no_other(tmp_path: Path) -> None:
    """A cut at any byte of the last line leaves a ledger that is read, and that goes on."""
    path = tmp_path / "cameras.csv"
    ledger = Ledger(path)
    ledger.add(entry(1))
    before = path.read_bytes()
    ledger.add(entry(2))
    whole = path.read_bytes()
    for cut in range(len(before), len(whole)):
        path.write_bytes(whole[:cut])
        again = Ledger(path)
        assert again.entries() in ([entry(1)], [entry(1), entry(2)])
        again.add(entry(3))
        assert Ledger(path).entries()[-1] == entry(3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b"enrolled", b"perhaps"), "line 2: its state"),
        ((b"cam-0001", b"CAM"), "line 2: its device"),
        ((b"2026-11-30", b"yesterday"), "line 2: its utc"),
        ((b",tpm2,", b",tpm2,x,"), "line 2: its key"),
        ((b"zero2w", b"\xff"), "line 2: its board"),
        ((b"1-1.2", b"1-1.2\x07"), "line 2: its port"),
        ((b",tpm2,", b",tp\rm2,"), "line 2: its (signer|number of columns)"),
        ((b"cam-0001,", b"cam-0001;"), "line 2: its device"),
        ((b"Z,enrolled", b"Z;enrolled"), "line 2: its utc"),
        ((b"utc,state", b"utc;state"), "does not begin as a ledger"),
        ((b"enrolled,cam-0001", b"nonsense\n2026-11-30T22:48:17Z,enrolled,cam-0001"), "line 2: its state"),
        ((b"utc,state", b"hello"), "does not begin as a ledger"),
    ],
)
def test_a_ledger_that_was_spoilt_is_not_guessed_at(tmp_path: Path, change: tuple[bytes, bytes], says: str) -> None:
    """The line is named; nobody is enrolled twice because a line was lost."""
    path = tmp_path / "cameras.csv"
    for number in (1, 2):
        Ledger(path).add(entry(number))
    data = path.read_bytes()
    assert change[0] in data
    path.write_bytes(data.replace(*change, 1))
    with pytest.raises(ProvisionError, match=says):
        Ledger(path)


def test_a_file_that_is_far_too_long_is_no_ledger(tmp_path: Path) -> None:
    """It is not read line by line."""
    path = tmp_path / "cameras.csv"
    path.touch()
    for size, says in ((16 << 20, "does not begin"), ((16 << 20) + 1, "more than 16777216 bytes")):
        os.truncate(path, size)
        with pytest.raises(ProvisionError, match=says):
            Ledger(path)


# Samples.


def stranger(path: Path) -> Path:
    """A key that opens nothing here."""
    path.write_bytes(AgeKey.generate().file(datetime.now(UTC)))
    return path


@pytest.mark.parametrize("post_quantum", [False, True])
def test_each_key_opens_a_sample_once(tmp_path: Path, *, post_quantum: bool) -> None:
    """Keys in the authority's directory are found; what was opened is not asked for again, until a recipient changes."""
    authority = create_authority(tmp_path / "authority", "Test", post_quantum=post_quantum)
    keys = Keys.load(authority, [])
    assert samples.prove(authority, keys) == ["authority", "escrow"]
    for role in ("authority", "escrow"):
        (authority.directory / f"{role}.agekey").unlink()
    assert samples.prove(authority, Keys.load(authority, [])) == []
    fresh = AgeKey.generate(post_quantum=post_quantum)
    changed = authority.change_settings(Changes(recipients=[("escrow", fresh.recipient)]))
    with pytest.raises(ProvisionError, match="key of escrow .* was never tried"):
        samples.prove(changed, Keys.load(changed, []))


def test_a_key_elsewhere_is_named(authority: Authority, tmp_path: Path) -> None:
    """On a stick: by its file.  A key that is nobody's here is refused, so that nobody believes that something was tried."""
    moved = tmp_path / "stick" / "escrow.key"
    moved.parent.mkdir()
    (authority.directory / "escrow.agekey").rename(moved)
    with pytest.raises(ProvisionError, match="key of escrow"):
        samples.prove(authority, Keys.load(authority, []))
    with pytest.raises(ProvisionError, match="no recipient in the settings"):
        Keys.load(authority, [stranger(tmp_path / "stranger.key")])
    with pytest.raises(ProvisionError, match=r"nothing\.key"):
        Keys.load(authority, [tmp_path / "nothing.key"])
    assert samples.prove(authority, Keys.load(authority, [moved])) == ["escrow"], "authority's had opened one by then"


def changed_recipients(authority: Authority) -> Authority:
    """The same authority, whose recipients are others."""
    fresh = [(role, AgeKey.generate().recipient) for role in ("authority", "escrow")]
    return authority.change_settings(Changes(recipients=fresh))


def test_a_key_that_does_not_open_what_its_recipient_says(authority: Authority) -> None:
    """Two files that were mixed up: each key opens what it opens, and nothing passes for opened that was not."""
    keys = Keys.load(authority, [])
    (first, one), (second, other) = keys.by_recipient.items()
    only, other_hands = Keys({first: one}), changed_recipients(authority)
    sealed = samples._sealed(Recipients((parse_recipient(second),)), b"word")
    with pytest.raises(ProvisionError, match="does not open a sample"):
        only.open(sealed, b"word")
    with pytest.raises(ProvisionError, match="does not open a sample"):
        samples.prove(other_hands, Keys(dict.fromkeys(samples.recipients_of(other_hands), one)))
    assert not (authority.directory / samples.RECORD).exists(), "nothing passes for opened"
    Keys({second: other}).open(sealed, b"word")
    with pytest.raises(ProvisionError, match="something else"):
        Keys({second: other}).open(sealed, b"another word")
    with pytest.raises(ProvisionError, match="to its end|cannot be decrypted"):
        Keys({second: other}).open(sealed[:-1], b"word")


@needs("age")
def test_keys_that_never_come_here(authority: Authority, tmp_path: Path) -> None:
    """The sample goes out as a file, stock age opens it, the word comes back; another word is refused, and no camera before that."""
    out, away = tmp_path / "samples", tmp_path / "away"
    away.mkdir()
    for role in ("authority", "escrow"):
        (authority.directory / f"{role}.agekey").rename(away / f"{role}.key")
    keys = Keys.load(authority, [])
    out.mkdir()
    (out / "escrow.txt").write_text("of last year\n")
    with pytest.raises(ProvisionError, match=r"age -d -i KEY .*authority\.age"):
        samples.prove(authority, keys, out)
    (out / "escrow.txt").unlink()
    asked = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(asked) == {"authority.age", "escrow.age"}
    with pytest.raises(ProvisionError, match="authority and escrow"):
        samples.prove(authority, keys, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == asked, (
        "the same samples, however often it is run"
    )

    def found(role: str, key: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["age", "-d", "-i", away / key, out / f"{role}.age"], capture_output=True, check=False, timeout=30
        )

    assert found("escrow", "authority.key").returncode != 0, "each is for its own key alone"
    words = {role: found(role, f"{role}.key").stdout for role in ("authority", "escrow")}
    assert words["authority"] != words["escrow"]
    (out / "authority.txt").write_bytes(words["escrow"])
    with pytest.raises(ProvisionError, match=r"authority\.txt: is not what"):
        samples.prove(authority, keys, out)
    (out / "authority.txt").write_bytes(words["authority"])
    with pytest.raises(ProvisionError, match="key of escrow has to open"):
        samples.prove(authority, keys, out)
    (out / "escrow.txt").write_bytes(b"  " + words["escrow"].strip() + b"\r\n")
    assert samples.prove(authority, keys, out) == ["escrow"]
    assert samples.prove(authority, keys) == []
    with pytest.raises(ProvisionError, match="has to open a sample first"):
        samples.prove(changed_recipients(authority), keys, tmp_path / "not" / "there")
    assert (tmp_path / "not" / "there" / "escrow.age").exists()


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"opened": [1], "asked": {}}', b'{"opened": [], "asked": {"x": "y"}}', b"\xff"]
)
def test_a_record_that_was_spoilt_counts_for_nothing(authority: Authority, data: bytes) -> None:
    """It says so, instead of believing that something was opened."""
    (authority.directory / samples.RECORD).write_bytes(data)
    with pytest.raises(ProvisionError, match="damaged"):
        samples.prove(authority, Keys.load(authority, []))


# The desk.


def desk_of(authority: Authority, tmp_path: Path, **more: Any) -> Desk:
    """A desk that gives numbers."""
    return Desk(authority, Ledger(tmp_path / "cameras.csv"), Names("cam-##"), Keys.load(authority, []), **more)


def request(name: str, key: Any) -> bytes:
    """What a camera asks."""
    return make_request(name, public_der(key.public_key()), software_sign(key))


def test_a_certificate_is_on_paper_before_it_goes_out(authority: Authority, tmp_path: Path) -> None:
    """Register and ledger have it, so that it can be withdrawn whatever happens next; to the same key the same one goes out again."""
    desk, key = desk_of(authority, tmp_path), new_key()
    order = desk.admit(FACTS, "p1")
    papers = desk.certify(order, request(order.device, key))
    (line,) = Ledger(desk.ledger.path).entries()
    assert (line.state, line.device, line.certificate) == (ISSUED, "cam-01", hash_of(papers.ders[0]))
    assert authority.registered(Role.DEVICE, "cam-01").exists()
    again = desk_of(authority, tmp_path)
    back = again.admit(replace(FACTS, key=line.key), "p2")
    assert back.device == "cam-01"
    assert again.certify(back, request("cam-01", key)).ders == papers.ders
    again.enrolled(back)
    assert [each.state for each in Ledger(desk.ledger.path).entries()] == [ENROLLED]


def test_what_a_camera_must_not_ask(authority: Authority, tmp_path: Path) -> None:
    """Another name, another key than a moment ago, another than was read on its console, no request at all: nothing is issued."""
    key, other = new_key(), new_key()
    mine = hash_of(public_der(key.public_key()))
    desk = desk_of(authority, tmp_path, expect=mine)
    order = desk.admit(replace(FACTS, key=mine), "p")
    for wrong, says in (
        (request("cam-99", key), "asks for the name cam-99"),
        (request(order.device, other), "not the one that it had a moment ago"),
        (b"\x30\x00", "request is refused"),
    ):
        with pytest.raises(DeclinedError, match=says):
            desk.certify(order, wrong)
    fresh = desk.admit(replace(FACTS, serial="x"), "p")
    with pytest.raises(DeclinedError, match="not the one that was expected"):
        desk.certify(fresh, request(fresh.device, other))
    assert desk.ledger.entries() == []
    assert not list(authority.directory.glob("issued/device/*"))
    desk.certify(order, request(order.device, key))


def test_a_name_that_somebody_else_took_meanwhile(authority: Authority, tmp_path: Path) -> None:
    """By another command, between two words: this camera is declined, and comes again for another name."""
    desk = desk_of(authority, tmp_path)
    order = desk.admit(FACTS, "p")
    enrol_device(authority, order.device, tmp_path / "elsewhere")
    with pytest.raises(DeclinedError, match="given once"):
        desk.certify(order, request(order.device, new_key()))
    desk.given_up(order)
    assert desk.admit(FACTS, "p").device == "cam-02"


def test_a_certificate_that_the_register_has_lost(authority: Authority, tmp_path: Path) -> None:
    """It cannot go out again; another one in the same name does."""
    desk, key = desk_of(authority, tmp_path), new_key()
    order = desk.admit(FACTS, "p")
    first = desk.certify(order, request(order.device, key))
    authority.registered(Role.DEVICE, order.device).unlink()
    again = desk.admit(replace(FACTS, key=order.key), "p")
    second = desk.certify(again, request(again.device, key))
    assert again.device == order.device
    assert second.ders[0] != first.ders[0]


def test_the_same_board_twice(authority: Authority, tmp_path: Path) -> None:
    """A board that was enrolled and comes as nobody's is told, with its name; on purpose it gets the same papers for the same key, and a
    new name for a new one."""
    desk, key = desk_of(authority, tmp_path), new_key()
    order = desk.admit(FACTS, "p")
    papers = desk.certify(order, request(order.device, key))
    desk.enrolled(order)
    known = replace(FACTS, key=order.key)
    for facts in (known, FACTS, replace(known, serial="")):
        with pytest.raises(DeclinedError, match="enrolled before, as cam-01 on .*--again"):
            desk.admit(facts, "p")
    anew = desk_of(authority, tmp_path, anew=True)
    same = anew.admit(known, "p")
    assert anew.certify(same, request("cam-01", key)).ders == papers.ders
    assert anew.admit(FACTS, "p").device == "cam-02"


def test_names_are_given_to_one_at_a_time(authority: Authority, tmp_path: Path) -> None:
    """Eight at once get eight names; one that got no certificate gives its name back."""
    desk = desk_of(authority, tmp_path)
    orders: list[Any] = []
    threads = [
        threading.Thread(target=lambda: orders.append(desk.admit(replace(FACTS, serial=""), "p"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.device for each in orders) == [f"cam-{number:02}" for number in range(1, 9)]
    third = next(each for each in orders if each.device == "cam-03")
    desk.given_up(third)
    assert desk.admit(replace(FACTS, serial=""), "p").device == "cam-03"


# Labels.


def test_labels_say_what_they_should(tmp_path: Path, lapel: Run) -> None:
    """From the ledger: those that were enrolled, forty on a sheet; by name, one on a page; what is not there is said."""
    path = tmp_path / "cameras.csv"
    ledger = Ledger(path)
    for number in range(1, 42):
        ledger.add(entry(number))
    ledger.add(entry(42, state=ISSUED))
    out = tmp_path / "labels.html"
    assert lapel("labels", "--ledger", path, "--out", out) == 0
    text = out.read_text()
    assert text.count('class="sheet"') == 2
    assert text.count('class="label"') == 41
    assert "cam-0042" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert lapel("labels", "cam-0007", "--ledger", path, "--out", out, "--single") == 0
    assert out.read_text().count('class="label"') == out.read_text().count('class="single"') == 1
    assert lapel("labels", "cam-0042", "--ledger", path, "--out", out) == 1
    assert "&lt;b&gt;" in page([entry(1, board="<b>")])


@needs("chromium", "zbarimg")
def test_labels_are_read_by_another_hand(tmp_path: Path) -> None:
    """A sheet as a browser draws it, at 288 dots an inch: a reader of codes finds all forty fingerprints, and nothing else."""
    entries = [entry(number) for number in range(1, 41)]
    sheet, picture = tmp_path / "labels.html", tmp_path / "labels.png"
    sheet.write_text(page(entries))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=3"]
    size = ["--window-size=794,1123", f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}"]
    subprocess.run(["chromium", *flags, *size, sheet.as_uri()], capture_output=True, check=True, timeout=60)
    command = ["zbarimg", "--quiet", "--raw", "--nodbus", str(picture)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert sorted(said.stdout.split()) == sorted(each.certificate for each in entries)


# What the operator sees.


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """It does."""
        return True


NEWS = (
    News(What.LISTENING, "usb"),
    News(What.PLUGGED, "1-1.2"),
    News(What.ENROLLED, "1-1.2", device="cam-0001", entry=entry(1)),
    News(What.MET, "1-1.2", "ab" * 32, "cam-0001"),
    News(What.FAILED, "1-1.3", "the camera does not do it: \x1b[2J[bold]no[/bold] (storage)", "cam-0002"),
    News(What.LOST, "1-1.4", "the contact is gone"),
    News(What.KNOWN, "1-1.5", "it belongs to another authority"),
)


def test_a_terminal_has_a_bar_and_a_line_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are done, counted once each; what a camera says moves no cursor and paints nothing."""
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    with display.shown(stream, 2, as_json=False) as show:
        for each in NEWS:
            show(each)
    text = stream.getvalue()
    assert "1/2" in text
    assert "2/2" not in text
    assert "[1-1.2] cam-0001: enrolled; its key is in a TPM" in text
    assert "[1-1.3] cam-0002: NOT ENROLLED: the camera does not do it: ?[2J[bold]no[/bold] (storage)" in text
    assert "\x1b[2J" not in text
    assert "plugged in" not in text


def test_elsewhere_there_are_plain_lines_and_lines_for_machines() -> None:
    """Each says all of it, and the summary names those that are missing and why."""
    plain, machine, tally = io.StringIO(), io.StringIO(), Tally()
    with display.shown(plain, 2, as_json=False) as show, display.shown(machine, 2, as_json=True) as tell:
        for each in NEWS:
            tally.note(each)
            show(each)
            tell(each)
    assert plain.getvalue().splitlines()[1:3] == [
        f"[1-1.2] cam-0001: enrolled; its key is in a TPM, {entry(1).key}; certificate {entry(1).certificate}",
        "[1-1.2] cam-0001: docks: enrolled, and the camera that the ledger has",
    ]
    told = [json.loads(line) for line in machine.getvalue().splitlines()]
    assert [each["event"] for each in told] == [each.what.value for each in NEWS]
    assert told[2]["entry"] == asdict(entry(1))
    said = display.summary(tally, 2)
    assert said.startswith("1 of 2 enrolled\n")
    assert [line.split("]")[0] for line in said.splitlines()[1:]] == ["  [1-1.3", "  [1-1.4", "  [1-1.5"]
    tally.note(News(What.MET, "1-1.3", "cd" * 32, "cam-0002"))
    assert display.summary(tally, 2).startswith("1 of 2 enrolled, 1 had been\n")
    assert tally.done(meet=True) == {"cam-0001", "cam-0002"}
    tally.note(News(What.ENROLLED, "1-1.6", device="cam-0003", entry=entry(3)))
    assert tally.done(meet=True) == {"cam-0001", "cam-0002"}, "not met yet"
    assert tally.done(meet=False) == {"cam-0001", "cam-0002", "cam-0003"}


# The command line.


@pytest.mark.parametrize(
    "arguments",
    [
        ("cam-1",),
        ("cam-1", "--port", "x", "--out", "y"),
        ("cam-1", "--port", "x", "--port", "y"),
        ("cam-1", "--port", "x", "--count", "2"),
        ("cam-#", "--port", "x"),
        ("cam-#", "--out", "x"),
        ("cam-1", "--port", "x", "--batch"),
        ("cam-#", "--port", "x", "--batch", "--expect-key", "0" * 64),
        ("cam-1", "--port", "x", "--expect-key", "short"),
        ("cam-1", "--port", "x", "--public-key", "y"),
        ("cam-1", "--port", "x", "--patience", "0"),
        ("CAM", "--port", "x"),
    ],
)
def test_commands_that_make_no_sense(lapel: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit status 2, and nothing is touched: the authority is not even looked for."""
    assert lapel("device", *arguments, "--authority", tmp_path / "nowhere") == 2


def test_what_keeps_it_from_beginning(
    lapel: Run, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No authority, a port that names nothing, one that was given twice, a key that was never tried: exit status 1, with what to do."""
    given = ("--authority", authority.directory)
    assert lapel("device", "cam-1", "--port", "x", "--authority", tmp_path / "nowhere") == 1
    assert "is no authority" in capsys.readouterr().err
    assert lapel("device", "cam-1", "--port", "tcp:nonsense", *given) == 1
    assert "tcp:[ADDRESS]:PORT" in capsys.readouterr().err
    assert lapel("device", "cam-#", "--batch", "--port", "x", "--port", "x", *given) == 1
    assert "given twice" in capsys.readouterr().err
    (authority.directory / "escrow.agekey").unlink()
    (authority.directory / samples.RECORD).unlink()
    assert lapel("device", "cam-1", "--port", "x", *given) == 1
    assert "no camera is enrolled before that" in capsys.readouterr().err


def test_nobody_comes(lapel: Run, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends by itself where it is told how long to wait, and says for machines that nobody was enrolled."""
    line = tmp_path / "ttyACM0"
    assert (
        lapel(
            "device",
            "cam-#",
            "--batch",
            "--port",
            line,
            "--patience",
            "1",
            "--json",
            "--authority",
            authority.directory,
        )
        == 1
    )
    said = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in said] == ["listening", "summary"]
    assert said[-1] == {"event": "summary", "wanted": 1, "enrolled": [], "met": [], "failed": []}
    assert not (authority.directory / "labels.html").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["authority"]
