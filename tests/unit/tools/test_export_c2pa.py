"""Stock viewers show where a film comes from, and trust it only with the authority's root."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import c2pa
import pytest

from tests.evidence_maker import Authority
from tests.evidence_maker.jose import digest
from tests.unit.tools.conftest import Desk
from tests.unit.tools.test_export import left, packets
from tools.export.cutting import Span, Wish
from tools.export.desk import Desk as Signer
from tools.export.exporter import Request, export_recording
from tools.export.provenance import ASSERTION, need_memory, read_state
from tools.verify.exported import verify_export
from tools.verify.findings import Refused

SECOND = 90_000
WISHES = {
    "whole": Wish(),
    "trimmed": Wish(begin=2 * SECOND, until=4 * SECOND),
    "mute": Wish(mute=True),
    "part mute": Wish(silence=(Span(3 * SECOND, 4 * SECOND),)),
}


@pytest.fixture(scope="module")
def films(made: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A signed film for each wish, made once.  Not to be changed."""
    folder = tmp_path_factory.mktemp("films")
    return {
        name: export_recording(
            made.recording(1),
            [made.key],
            folder / f"{name}.mp4",
            root=made.root,
            request=Request(wish, desk=Signer.open(made.signer)),
        ).path
        for name, wish in WISHES.items()
    }


def shown(film: Path, root_pem: bytes | None) -> dict[str, Any]:
    """What the reference reader says of a film."""
    trust = {} if root_pem is None else {"trust_anchors": root_pem.decode()}
    with film.open("rb") as file:
        found: dict[str, Any] = json.loads(
            c2pa.Reader("video/mp4", file, context=c2pa.Context.from_dict({"trust": trust})).json()
        )
    return found


@pytest.mark.parametrize("name", WISHES)
def test_trusted_with_our_root_alone(made: Desk, films: dict[str, Path], name: str) -> None:
    """With the authority's root the reader trusts the film; with none, or another's, it says that it does not know the
    signer, and finds nothing else wrong."""
    film = films[name]
    assert read_state(film, made.root.read_text()) == "Trusted"
    for root in (None, Authority("other").root_pem):
        found = shown(film, root)
        assert found["validation_state"] == "Valid"
        assert [each["code"] for each in found["validation_status"]] == ["signingCredential.untrusted"]


def test_names_the_original(made: Desk, films: dict[str, Path]) -> None:
    """The film's manifest names device, number and hashes, and carries the camera's own signed manifest as its parent."""
    found = shown(films["whole"], made.root.read_bytes())
    active = found["manifests"][found["active_manifest"]]
    told = next(each["data"] for each in active["assertions"] if each["label"] == ASSERTION)
    manifest = (made.recording(1) / "manifest.jws").read_bytes()
    opening = (made.recording(1) / "journal.jwsl").read_bytes().split(b"\n")[0]
    assert told["manifest"] == digest(manifest[:-1])
    assert told["opening"] == digest(opening)
    assert (told["device"], told["number"], told["desk"]) == ("cam-0042", 1, "desk-1")
    assert active["signature_info"]["common_name"] == "desk-1"
    (parent,) = active["ingredients"]
    assert (parent["relationship"], parent["title"]) == ("parentOf", "recording 1 of cam-0042")
    with films["whole"].open("rb") as file:
        reader = c2pa.Reader("video/mp4", file, context=c2pa.Context.from_dict({}))
        carried = io.BytesIO()
        reader.resource_to_stream(parent["data"]["identifier"], carried)
    assert carried.getvalue() == manifest


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("whole", ["c2pa.opened", "c2pa.repackaged"]),
        ("trimmed", ["c2pa.opened", "c2pa.repackaged", "c2pa.trimmed"]),
        ("mute", ["c2pa.opened", "c2pa.repackaged", "c2pa.edited"]),
        ("part mute", ["c2pa.opened", "c2pa.repackaged", "c2pa.edited"]),
    ],
)
def test_says_what_was_done(made: Desk, films: dict[str, Path], name: str, actions: list[str]) -> None:
    """Each thing that was done to the recording is an action that viewers know."""
    found = shown(films[name], made.root.read_bytes())
    active = found["manifests"][found["active_manifest"]]
    told = next(each["data"] for each in active["assertions"] if each["label"] == "c2pa.actions.v2")
    assert [each["action"] for each in told["actions"]] == actions


@pytest.mark.parametrize("where", ["picture", "sound", "subtitle", "index"])
def test_flipped_bit(made: Desk, films: dict[str, Path], tmp_path: Path, where: str) -> None:
    """One flipped bit, wherever in the film, and the reader calls it invalid."""
    data = bytearray(films["whole"].read_bytes())
    found = {kind: packets(films["whole"], kind)[1][1] for kind in ("video", "audio")}
    at = {
        "picture": data.find(found["video"]) + len(found["video"]) // 2,
        "sound": data.find(found["audio"]) + len(found["audio"]) // 2,
        "subtitle": data.find(b"2026-02-10 00:17:42 UTC"),
        "index": data.find(b"stts") + 8,
    }[where]
    data[at] ^= 1
    (tmp_path / "film.mp4").write_bytes(data)
    assert read_state(tmp_path / "film.mp4", made.root.read_text()) == "Invalid"


@pytest.mark.parametrize("name", WISHES)
def test_changes_no_sample(made: Desk, films: dict[str, Path], tmp_path: Path, name: str) -> None:
    """With the manifest in it a film is proven as without, decoders' settings too, and each sample is the same."""
    report = verify_export(films[name], made.recording(1), made.root, [made.key])
    assert report.exit_code == 0
    bare = export_recording(
        made.recording(1),
        [made.key],
        tmp_path / "bare.mp4",
        request=Request(WISHES[name], desk=Signer.open(made.signer), c2pa=False),
    )
    for kind in ("video", "audio") if bare.sound_units else ("video",):
        assert packets(films[name], kind) == packets(bare.path, kind)


def test_of_an_open_recording(desk: Desk, tmp_path: Path) -> None:
    """A recording that is not closed has no manifest to carry; the opening names it."""
    (desk.recording(3) / "manifest.jws").unlink()
    request = Request(desk=Signer.open(desk.signer))
    film = export_recording(desk.recording(3), [desk.key], tmp_path / "film.mp4", root=desk.root, request=request).path
    found = shown(film, desk.root.read_bytes())
    assert found["validation_state"] == "Trusted"
    told = [each["data"] for each in found["manifests"][found["active_manifest"]]["assertions"]]
    assert any(each.get("manifest", "") is None for each in told)


def test_no_manifest_where_none_is_wanted(made: Desk, tmp_path: Path) -> None:
    """Without a desk there is none, and nobody claims one."""
    done = export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", root=made.root)
    assert done.signed is None
    with pytest.raises(Refused, match="its C2PA manifest cannot be read"):
        read_state(done.path, None)


def test_signature_that_is_none(made: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that signs wrongly leaves no film: what was signed is read back."""
    request = Request(desk=Signer.open(made.signer))
    monkeypatch.setattr(Signer, "sign_raw", lambda *_: b"\1" * 64)
    with pytest.raises(Refused, match="the C2PA manifest"):
        export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", root=made.root, request=request)
    assert left(tmp_path) == []


def test_memory() -> None:
    """Signing takes twice a film's length of memory: where that is not free it is refused, with what to do instead."""
    need_memory(1000, 10_000)
    with pytest.raises(Refused, match=r"takes about 22\.0 MB of memory, 20\.0 MB are free: .*--no-c2pa"):
        need_memory(10_000_000, 20_000_000)
