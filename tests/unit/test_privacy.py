"""The page on privacy is tied to the program: every setting, record and file is explained there, and what it says is not there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firmware.evidence import kinds, log_kinds
from firmware.runtime import names
from firmware.settings import KEYS
from tests import validation
from tests.architecture import THIRD_PARTY, modules
from tests.specification import kept, privacy, registry
from tests.specification.kept import TABLES, explained, written

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
EXAMPLE = {"out.mp4"}
"""Stands in a help text, and is a name that whoever exports chooses."""
NETWORK = {
    "asyncio",
    "bluetooth",
    "dbus",
    "ftplib",
    "http",
    "requests",
    "select",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "telnetlib",
    "urllib",
}
"""Modules by which a program reaches a network."""


def test_every_file_that_a_program_writes_is_explained() -> None:
    """Every name of a file in the text of firmware, dock and export stands in a table of the page."""
    found = {name for name, _ in written()}
    assert len(found) > 30
    assert found - explained() - EXAMPLE == set()


def test_every_name_on_a_volume_is_explained() -> None:
    """Directories too, and the names that are made of numbers; what the evidence format names is here as well."""
    known = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    endings = {names.UNFINISHED, names.LINES}
    assert known - endings - explained() == set()
    assert set(registry.NAMES) - explained() == set()


def test_nothing_is_explained_that_is_not_there() -> None:
    """A file that is no longer written leaves the page."""
    patterns = {name for name in explained() if re.search(r"NN|NAME", name)}
    text = "\n".join(module.text for module in modules(ROOT) if module.name.startswith(("firmware", "tools", "hal")))
    assert {name for name in explained() - patterns if name.removesuffix(".damaged") not in text} == set()
    assert {place for place in TABLES if f"**{place}**" not in PAGE} == set()


def test_a_new_file_is_noticed(tmp_path: Path) -> None:
    """The search finds a name wherever it stands in a program, and no part of a sentence."""
    folder = tmp_path / "tools" / "dock"
    folder.mkdir(parents=True)
    text = (
        'PEOPLE = "people.jsonl"\ndef f(p):\n    "Reads a people.json file."\n    return p / "faces.json", f"{p}.jws"\n'
    )
    (folder / "new.py").write_text(text)
    assert list(written(tmp_path)) == [("people.jsonl", "tools/dock/new.py"), ("faces.json", "tools/dock/new.py")]


def test_every_setting_has_a_reason_or_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting without a row, and a row without a setting, keep the page from being made."""
    assert set(privacy.REASONS) == set(KEYS)
    assert all(f"| `{key}` |" in privacy.settings() for key, reason in privacy.REASONS.items() if reason)
    monkeypatch.setattr(privacy, "REASONS", {**privacy.REASONS, "face_search": "none"})
    with pytest.raises(ValueError, match="no longer a setting: face_search"):
        privacy.settings()
    less = {key: reason for key, reason in privacy.REASONS.items() if key not in {"pre_event_sound", "face_search"}}
    monkeypatch.setattr(privacy, "REASONS", less)
    with pytest.raises(ValueError, match="a setting that docs/privacy.md does not explain: pre_event_sound"):
        privacy.settings()


def test_defaults_are_those_of_the_program() -> None:
    """The page shows what a camera does that nobody has configured."""
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| `([^`]*)` \|", privacy.settings(), re.MULTILINE))
    assert rows["pre_event_sound"] == rows["record_on_undock"] == rows["mute_allowed"] == rows["hush_front"] == "false"
    assert rows["pre_event_s"] == "30"
    assert rows["keep_after_receipt_h"] == "24"


@pytest.mark.parametrize(
    ("table", "known"),
    [("CLEAR", log_kinds.AUDIT_DATA), ("LOG_PRIVATE", log_kinds.LOG_PRIVATE), ("PRIVATE", kinds.PRIVATE)],
)
def test_every_kind_of_record_is_marked(table: str, known: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear or encrypted, by the table of the program that it stands in; one without a row keeps the page from being made."""
    form = "clear, signed" if table == "CLEAR" else "encrypted"
    shown = re.findall(r"^\| ([^|]*) \| `([a-z-]+)` \| ([a-z, ]+) \|", privacy.records(), re.MULTILINE)
    places = {
        "CLEAR": "the audit log",
        "LOG_PRIVATE": "the audit log's private part",
        "PRIVATE": "a recording's private part",
    }
    assert {(kind, said) for place, kind, said in shown if place == places[table]} == {(kind, form) for kind in known}
    kind = next(iter(known))
    monkeypatch.setattr(privacy, table, {each: why for each, why in getattr(privacy, table).items() if each != kind})
    with pytest.raises(ValueError, match=f"does not explain: {kind}"):
        privacy.records()


def test_what_is_about_conduct_is_no_line_in_the_clear() -> None:
    """No member of a line in the clear is a shift, a trigger, a gesture or a label."""
    told = {"shift", "trigger", "gesture", "button", "label", "officer", "press"}
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", registry.audit_kinds(), re.MULTILINE)
    assert len(rows) == len(log_kinds.AUDIT_DATA)
    assert {name for _, members in rows for name in re.findall(r"`([a-z_]+)`", members)} & told == set()


def test_every_test_that_is_named_exists() -> None:
    """What the page says is shown is shown by something."""
    named = validation.references(PAGE)
    assert len(named) >= 15
    assert {test for test in named if not validation.exists(test)} == set()


def test_what_is_left_to_the_controller_is_listed_at_the_end() -> None:
    """Each section with something to fill in is named in the last one."""
    sections = re.split(r"^(?=#{2,3} \d)", PAGE, flags=re.MULTILINE)
    left = {part.split()[1].rstrip(".") for part in sections[1:-1] if "**To fill in" in part}
    assert left == {"2.5", "3", "4.1", "5", "6", "8.3"}
    assert {number for number in left if f"({number})" not in sections[-1]} == set()


def test_the_firmware_knows_no_network() -> None:
    """No module of the service imports anything that reaches a network: a dock is met through a port of the hardware's."""
    found = {
        (module.name, each.target)
        for module in modules(ROOT)
        if module.name.split(".")[0] == "firmware"
        for each in module.imports
        if each.target.split(".")[0] in NETWORK
    }
    assert found == set()


def test_the_camera_recognises_nobody() -> None:
    """The firmware uses two libraries that others wrote, for keys and for TLS; what makes pictures may draw and encode, and no more."""
    of = {name: set(libraries) for name, libraries in THIRD_PARTY.items() if name.split(".")[0] in {"firmware", "hal"}}
    drawing = {"PIL", "av", "numpy", "picamera2", "libcamera"}
    parts = {"cryptography", "OpenSSL", "gpiozero", "lgpio", "serial", "smbus2", "tpm2_pytss"}
    assert set().union(*of.values()) <= drawing | parts


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "docs/design.md", "docs/export.md"])
def test_it_is_found(page: str) -> None:
    """Whoever reads on from there comes here."""
    assert "privacy.md" in (ROOT / page).read_text(encoding="utf-8")


def test_the_names_that_nobody_may_copy_stay_at_the_dock() -> None:
    """The two registers are the dock's own account's alone, and the page says that in bold."""
    rows = {name: each for each in kept.STORED for name in each.names}
    for name in ("register.jsonl", "badges.jsonl"):
        assert rows[name].readers == kept.DOCK
        assert rows[name].says.startswith("**")
