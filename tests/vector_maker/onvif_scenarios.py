"""Every scenario of ONVIF Media Signing with the verdict that it must get, stated by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import utils

from tests.evidence_maker import Identity, issue
from tests.evidence_maker.onvif import (
    ARBITRARY,
    CERTIFICATES,
    CRYPTO,
    GENERAL,
    HASH_LIST,
    SIGNATURE,
    VENDOR,
    Film,
    Signer,
    escaped,
    is_onvif,
    tags_of,
    unescaped,
)
from tests.evidence_maker.pki import ORDER
from tests.vector_maker.onvif_films import (
    authority,
    change,
    edit_tag,
    film,
    flip,
    fragmented,
    remuxed,
    session,
    signatures,
    without,
)

VALID, MISSING, INVALID = "valid", "valid, but frames are missing", "invalid"
UNSIGNED, UNTRUSTED, UNDECIDED = "not signed", "key not trusted", "cannot be judged"

_DATES = "the reference judges dates by the clock on the wall; we judge them at a trusted time, or not at all"
_ROLES = "the reference asks for any chain to the root; we demand the shape and the role of each certificate"
_COUNTED = "the reference calls a film valid whose first GOP has lost its signature"
_BARE = "no signature covers these bytes, and the reference lets any stand there; we let none be changed"
_STRICT = "the reference reads more than the format has"
_LATE = "the reference wants the certificates before the first signature; we keep signatures until they come"
_TYPES = "the reference passes over NAL units of types that it does not know; a decoder may not"
_NOWHERE = "the reference takes a film in which no GOP is right for one that has not begun yet"
_NO_KEY = "the reference takes a film without certificates for one without signatures"
_TWO_KEYS = "the reference calls the picture valid and the key not; a film of ours has one key"
_CRASH = "the reference validator itself ends with a memory fault"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A film and its verdict; ``pending``: frames at the end without a signature; ``root``: who is believed;
    ``differs``: why the reference validator says something else, on purpose."""

    name: str
    about: str
    verdict: str
    make: Callable[[], bytes]
    pending: int = 0
    root: str = "authority"
    differs: str = ""
    container: str = "mp4"


def _signed(signer: Signer | None = None, ends: Sequence[int] = (-1,), source: str = "source") -> Film:
    return (signer or Signer(session())).sign(film(source), ends)


def _paired(ends: Sequence[int] = (-1,)) -> Film:
    return _signed(Signer(session(), paired=True), ends)


def _low() -> Film:
    return _signed(Signer(session(), listed=False))


def _by(who: Identity) -> bytes:
    return fragmented(_signed(Signer(who)))


def _forged(tag: int, edit: Callable[[bytes], bytes]) -> bytes:
    """In the third SEI a tag's value is another before it is signed."""

    def forge(gop: int, tags: dict[int, bytes]) -> dict[int, bytes]:
        return {each: edit(value) if (gop, each) == (3, tag) else value for each, value in tags.items()}

    return fragmented(_signed(Signer(session(), forge=forge)))


def _edited(tag: int, offset: int) -> bytes:
    """In the third SEI a bit of a tag's value is changed after it was signed."""
    return fragmented(change(_signed(), 2, edit_tag(tag, offset)))


def _swap(frames: Film, at: int, size: int = 1) -> Film:
    return [*frames[:at], *frames[at + size : at + 2 * size], *frames[at : at + size], *frames[at + 2 * size :]]


def _with_arbitrary(_gop: int, tags: dict[int, bytes]) -> dict[int, bytes]:
    return {**tags, ARBITRARY: b"\1note"}


def _exchange_seis(frames: Film, one: int, two: int) -> Film:
    (first, at), (second, place) = signatures(frames)[one], signatures(frames)[two]
    frames[first][at], frames[second][place] = frames[second][place], frames[first][at]
    return frames


def _sei(frames: Film, number: int) -> bytes:
    at, place = signatures(frames)[number]
    return frames[at][place]


def _twice(frames: Film, number: int) -> Film:
    at, place = signatures(frames)[number]
    frames[at].insert(place, frames[at][place])
    return frames


def _emptied(frames: Film, at: int) -> Film:
    """A frame goes, its SEIs stay: in the frame before."""
    kept = [unit for unit in frames[at] if is_onvif(unit)]
    return [*frames[: at - 1], [*frames[at - 1], *kept], *frames[at + 1 :]]


def _with_unit(frames: Film, at: int, unit: bytes) -> Film:
    frames[at].insert(0, unit)
    return frames


def _high_s(sei: bytes) -> bytes:
    plain = unescaped(sei)
    begin, _ = tags_of(plain)[SIGNATURE]
    length = int.from_bytes(plain[begin + 1 : begin + 3], "big")
    r, s = utils.decode_dss_signature(plain[begin + 3 : begin + 3 + length])
    der = utils.encode_dss_signature(r, ORDER - s)
    return escaped(plain[: begin + 1] + struct.pack(">H", len(der)) + der.ljust(72, b"\1")) + b"\x80"


def _old_session() -> Identity:
    """A session certificate that has ended."""
    end = datetime(2026, 2, 1, tzinfo=UTC)
    return issue("session", "cam-0042", authority().device("cam-0042"), "vectors session 1", end=end)


def _old_device() -> Identity:
    """A session under a device certificate that has ended, as all do in time."""
    device = issue("device", "cam-0042", authority().device_ca, "vectors old", end=datetime(2026, 2, 1, tzinfo=UTC))
    return issue("session", "cam-0042", device, "vectors session 1")


def _cut_chain(who: Identity, *kept: int) -> Identity:
    """With some of its certificates only (the last is left out where certificates are written)."""
    return Identity(who.key, tuple(who.certificates[each] for each in kept))


SCENARIOS: tuple[Scenario, ...] = (
    # As it was signed.
    Scenario("whole", "as the camera made it", VALID, lambda: fragmented(_signed())),
    Scenario("whole-remuxed-mp4", "in an ordinary MP4", VALID, lambda: remuxed(fragmented(_signed()), "mp4")),
    Scenario(
        "whole-remuxed-mkv", "in Matroska", VALID, lambda: remuxed(fragmented(_signed()), "matroska"), container="mkv"
    ),
    Scenario("whole-low-bitrate", "without hash lists", VALID, lambda: fragmented(_low())),
    Scenario(
        "whole-slices",
        "three slices a frame",
        VALID,
        lambda: fragmented(_signed(source="source-slices"), "source-slices"),
    ),
    Scenario(
        "whole-two-segments", "the third GOP has its SEI at its end", VALID, lambda: fragmented(_signed(ends=(2, -1)))
    ),
    Scenario(
        "whole-raw-hash",
        "the signature is over the SEI without emulation prevention",
        VALID,
        lambda: fragmented(_signed(Signer(session(), raw=True))),
    ),
    Scenario(
        "whole-high-numbers",
        "the GOPs have high numbers",
        VALID,
        lambda: fragmented(_signed(Signer(session(), first=0x00FFFFFE))),
    ),
    Scenario(
        "certificates-every-other",
        "every other SEI has certificates",
        VALID,
        lambda: fragmented(_signed(Signer(session(), certified=lambda made: made % 2 == 0))),
    ),
    Scenario(
        "certificates-first-only",
        "the first SEI alone has certificates",
        VALID,
        lambda: fragmented(_signed(Signer(session(), certified=lambda made: made == 0))),
    ),
    Scenario(
        "certificates-late",
        "the third SEI is the first with certificates",
        VALID,
        lambda: fragmented(_signed(Signer(session(), certified=lambda made: made >= 2))),
        differs=_LATE,
    ),
    Scenario(
        "certificates-never",
        "no SEI has certificates",
        UNDECIDED,
        lambda: fragmented(_signed(Signer(session(), certified=lambda _made: False))),
        differs=_NO_KEY,
    ),
    Scenario("one-gop", "a single GOP with its SEI at its end", VALID, lambda: fragmented(_signed(ends=(0,))[:5])),
    # Cut.
    Scenario("trim-begin", "from the third GOP on", VALID, lambda: fragmented(_signed()[10:])),
    Scenario(
        "trim-both", "from the third GOP to the middle of the fifth", VALID, lambda: fragmented(_signed()[10:23]), 3
    ),
    Scenario("trim-end-at-keyframe", "to the third keyframe", VALID, lambda: fragmented(_signed()[:11]), 6),
    Scenario("trim-end-at-gop", "the first two GOPs", VALID, lambda: fragmented(_signed()[:10]), 5),
    Scenario("trim-inside-gop", "from the middle of the second GOP on", INVALID, lambda: fragmented(_signed()[7:])),
    Scenario(
        "trim-across-segments",
        "from the second GOP to the fifth",
        VALID,
        lambda: fragmented(_signed(ends=(2, -1))[5:22]),
        2,
    ),
    Scenario("segment-first", "the first segment alone", VALID, lambda: fragmented(_signed(ends=(2, -1))[:15])),
    Scenario("segment-second", "the second segment alone", VALID, lambda: fragmented(_signed(ends=(2, -1))[15:])),
    Scenario(
        "trim-remuxed",
        "from the third GOP on, in an ordinary MP4",
        VALID,
        lambda: remuxed(fragmented(_signed()[10:]), "mp4"),
    ),
    Scenario(
        "trim-before-certificates",
        "from a keyframe on behind which an older SEI without certificates stands",
        VALID,
        lambda: fragmented(_signed(Signer(session(), certified=lambda made: made % 2 == 0))[10:]),
        differs=_LATE,
    ),
    Scenario("end-without-sei", "cut off: the last GOP has no SEI", VALID, lambda: fragmented(_signed(ends=())), 5),
    Scenario(
        "end-two-without-sei",
        "the last two GOPs have no SEI",
        VALID,
        lambda: fragmented(without(_signed(), [4, 5])),
        10,
    ),
    Scenario(
        "end-four-without-sei",
        "the last four GOPs have no SEI",
        VALID,
        lambda: fragmented(without(_signed(), [2, 3, 4, 5])),
        20,
    ),
    Scenario(
        "first-keyframe-only", "one frame, and nothing that signs it", UNSIGNED, lambda: fragmented(_signed()[:1]), 1
    ),
    Scenario(
        "too-short", "half a GOP, and the SEI of the one before", UNDECIDED, lambda: fragmented(_signed()[5:9]), 4
    ),
    # Bits flipped.
    Scenario("flip-frame", "a bit of a frame", INVALID, lambda: fragmented(flip(_signed(), 12))),
    Scenario("flip-first-keyframe", "a bit of the first keyframe", INVALID, lambda: fragmented(flip(_signed(), 0))),
    Scenario("flip-keyframe", "a bit of the third keyframe", INVALID, lambda: fragmented(flip(_signed(), 10))),
    Scenario("flip-last-keyframe", "a bit of the last keyframe", INVALID, lambda: fragmented(flip(_signed(), 25))),
    Scenario("flip-last-frame", "a bit of the last frame", INVALID, lambda: fragmented(flip(_signed(), 29))),
    Scenario(
        "flip-frame-with-sei", "a bit of the frame that follows a SEI", INVALID, lambda: fragmented(flip(_signed(), 11))
    ),
    Scenario("flip-low-bitrate", "a bit of a frame, without hash lists", INVALID, lambda: fragmented(flip(_low(), 12))),
    Scenario(
        "flip-keyframe-low-bitrate",
        "a bit of a keyframe, without hash lists",
        INVALID,
        lambda: fragmented(flip(_low(), 10)),
    ),
    Scenario(
        "flip-every-gop",
        "a bit of each keyframe",
        INVALID,
        lambda: fragmented(_flip_each(_signed())),
        differs=_NOWHERE,
        pending=30,
    ),
    Scenario(
        "flip-slice",
        "a bit of the last of three slices",
        INVALID,
        lambda: fragmented(flip(_signed(source="source-slices"), 7, 2), "source-slices"),
    ),
    Scenario(
        "flip-trimmed",
        "from the third GOP on, with a bit of its keyframe flipped",
        INVALID,
        lambda: fragmented(flip(_signed()[10:], 0)),
    ),
    # Frames and GOPs taken out, put in, changed over.
    Scenario("frame-removed", "one frame is missing", MISSING, lambda: fragmented(_without_frames(_signed(), 12))),
    Scenario(
        "two-frames-removed", "two frames are missing", MISSING, lambda: fragmented(_without_frames(_signed(), 12, 13))
    ),
    Scenario(
        "frames-removed-apart",
        "frames of two GOPs are missing",
        MISSING,
        lambda: fragmented(_without_frames(_signed(), 8, 22)),
    ),
    Scenario(
        "frame-removed-low-bitrate",
        "one frame is missing, without hash lists",
        INVALID,
        lambda: fragmented(_without_frames(_low(), 12)),
    ),
    Scenario(
        "last-frame-removed",
        "the last frame is missing, its SEI is not",
        MISSING,
        lambda: fragmented(_emptied(_signed(), 29)),
    ),
    Scenario(
        "last-of-gop-removed",
        "the last frame of a GOP is missing",
        MISSING,
        lambda: fragmented(_without_frames(_signed(), 14)),
    ),
    Scenario("keyframe-removed", "a keyframe is missing", INVALID, lambda: fragmented(_without_frames(_signed(), 10))),
    Scenario(
        "all-but-keyframe-removed",
        "of a GOP the keyframe alone is left, and the SEI",
        MISSING,
        lambda: fragmented(_only_keyframe(_signed())),
    ),
    Scenario(
        "slice-removed",
        "one of three slices is missing",
        MISSING,
        lambda: fragmented(_without_slice(_signed(source="source-slices")), "source-slices"),
    ),
    Scenario("frames-swapped", "two frames change places", INVALID, lambda: fragmented(_swap(_signed(), 12))),
    Scenario("frame-doubled", "a frame stands twice", INVALID, lambda: fragmented(_doubled(_signed(), 13, 14))),
    Scenario(
        "frame-put-in",
        "a frame of another film is put in",
        INVALID,
        lambda: fragmented([*(f := _signed())[:13], film("source-other")[13], *f[13:]]),
    ),
    Scenario(
        "frame-put-in-behind",
        "frames of another film follow the end",
        VALID,
        lambda: fragmented([*_signed(), *film("source-other")[:5]]),
        5,
    ),
    Scenario(
        "frame-replaced",
        "a frame is that of another film",
        INVALID,
        lambda: fragmented([*(f := _signed())[:13], film("source-other")[13], *f[14:]]),
    ),
    Scenario("gop-removed", "the third GOP is cut out", INVALID, lambda: fragmented(_cut(_signed(), 10, 15))),
    Scenario(
        "gops-removed", "the third and fourth GOP are cut out", INVALID, lambda: fragmented(_cut(_signed(), 10, 20))
    ),
    Scenario(
        "gop-removed-with-its-sei",
        "the third GOP is cut out with its own SEI, all others are kept",
        INVALID,
        lambda: fragmented(_clean_cut(_signed())),
    ),
    Scenario(
        "gop-removed-low-bitrate",
        "the third GOP is cut out, without hash lists",
        INVALID,
        lambda: fragmented(_cut(_low(), 10, 15)),
    ),
    Scenario(
        "gop-removed-at-segment",
        "the first GOP of the second segment is cut out",
        INVALID,
        lambda: fragmented(_cut(_signed(ends=(2, -1)), 15, 20)),
    ),
    Scenario(
        "gop-removed-from-trim",
        "a clip of the GOPs 3 to 5 without GOP 4",
        INVALID,
        lambda: fragmented(_cut(_signed()[10:25], 5, 10)),
        pending=10,
    ),
    Scenario(
        "gops-swapped", "the third and fourth GOP change places", INVALID, lambda: fragmented(_swap(_signed(), 10, 5))
    ),
    Scenario("gop-doubled", "the third GOP stands twice", INVALID, lambda: fragmented(_doubled(_signed(), 10, 15))),
    Scenario(
        "gop-put-in",
        "a GOP of another film is put in",
        INVALID,
        lambda: fragmented([*(f := _signed())[:15], *film("source-other")[:5], *f[15:]]),
    ),
    Scenario(
        "gop-put-in-front",
        "a GOP of another film is put in front",
        INVALID,
        lambda: fragmented([*film("source-other")[:5], *_signed()]),
    ),
    Scenario(
        "joined",
        "two films of one key, one behind the other",
        INVALID,
        lambda: fragmented([*_signed(), *_other_take(1)]),
    ),
    Scenario(
        "joined-two-keys",
        "two films of two boots, one behind the other",
        INVALID,
        lambda: fragmented([*_signed(), *_other_take(2)]),
    ),
    # SEIs taken out, put in, changed over.
    Scenario(
        "sei-first-removed",
        "the first SEI is taken out",
        INVALID,
        lambda: fragmented(without(_signed(), [0])),
        differs=_COUNTED,
    ),
    Scenario("sei-removed", "the third SEI is taken out", INVALID, lambda: fragmented(without(_signed(), [2]))),
    Scenario(
        "seis-removed",
        "the third and fourth SEI are taken out",
        INVALID,
        lambda: fragmented(without(_signed(), [2, 3])),
    ),
    Scenario("stripped", "all SEIs are taken out", UNSIGNED, lambda: fragmented(without(_signed(), range(6))), 30),
    Scenario("re-encoded", "other pictures, no SEI", UNSIGNED, lambda: fragmented(film("source-other")), 30),
    Scenario(
        "re-encoded-with-seis",
        "other pictures under the SEIs of the film",
        INVALID,
        lambda: fragmented(_transplanted()),
        differs=_NOWHERE,
        pending=30,
    ),
    Scenario("seis-swapped", "two SEIs change places", INVALID, lambda: fragmented(_exchange_seis(_signed(), 1, 2))),
    Scenario("sei-doubled", "a SEI stands twice", INVALID, lambda: fragmented(_twice(_signed(), 2))),
    Scenario(
        "sei-of-other-film",
        "a SEI is that of another film of the same key",
        INVALID,
        lambda: fragmented(change(_signed(), 2, lambda _: _sei(_other_take(1), 2))),
    ),
    Scenario(
        "sei-of-other-key",
        "a SEI is that of another boot's film",
        INVALID,
        lambda: fragmented(change(_signed(), 2, lambda _: _sei(_other_take(2), 2))),
    ),
    # SEIs changed after they were signed.
    Scenario(
        "edit-hash-algorithm", "the hash algorithm is another", INVALID, lambda: _edited(CRYPTO, -4), differs=_CRASH
    ),
    Scenario("edit-vendor", "a letter of the serial number is another", INVALID, lambda: _edited(VENDOR, 9)),
    Scenario(
        "edit-certificates", "a letter of the certificates is another", INVALID, lambda: _edited(CERTIFICATES, 400)
    ),
    Scenario("edit-number", "the GOP's number is another", INVALID, lambda: _edited(GENERAL, 24)),
    Scenario("edit-time", "the GOP's time is another", INVALID, lambda: _edited(GENERAL, 12)),
    Scenario("edit-count", "the count is another", INVALID, lambda: _edited(GENERAL, 26)),
    Scenario("edit-gop-hash", "the GOP's hash is another", INVALID, lambda: _edited(GENERAL, 40)),
    Scenario("edit-link", "the link is another", INVALID, lambda: _edited(GENERAL, -5)),
    Scenario("edit-hash-list", "a hash in the list is another", INVALID, lambda: _edited(HASH_LIST, 70)),
    Scenario("edit-signature", "the signature is another", INVALID, lambda: _edited(SIGNATURE, 30)),
    Scenario("edit-signature-length", "the signature's length is another", INVALID, lambda: _edited(SIGNATURE, 2)),
    Scenario(
        "edit-padding", "what fills up the signature is another", INVALID, lambda: _edited(SIGNATURE, -1), differs=_BARE
    ),
    Scenario(
        "edit-high-s",
        "the signature is spelt with the other s",
        INVALID,
        lambda: fragmented(change(_signed(), 2, _high_s)),
        differs=_BARE,
    ),
    Scenario(
        "edit-uuid",
        "a SEI is no longer one of ONVIF's",
        INVALID,
        lambda: fragmented(change(_signed(), 2, lambda sei: sei.replace(b"\x90\x87\x7a\x6f", b"\x90\x87\x7a\x6e", 1))),
    ),
    Scenario(
        "edit-certificate-flag",
        "the mark of a SEI of certificates is set",
        INVALID,
        lambda: fragmented(change(_signed(), 2, _mark_certificates)),
    ),
    Scenario(
        "edit-first-sei",
        "a bit of the first SEI's GOP hash",
        INVALID,
        lambda: fragmented(change(_signed(), 0, edit_tag(GENERAL, 40))),
    ),
    Scenario(
        "edit-last-sei",
        "a bit of the last SEI's link",
        INVALID,
        lambda: fragmented(change(_signed(), 5, edit_tag(GENERAL, -5))),
    ),
    Scenario(
        "frame-and-list-replaced",
        "a frame and the hash list that goes with it are others",
        INVALID,
        lambda: fragmented(_resigned_by_stranger()),
        differs=_TWO_KEYS,
    ),
    # SEIs that the camera's own key signed, and no camera of ours makes.
    Scenario(
        "forged-arbitrary",
        "signed with a tag of arbitrary data",
        INVALID,
        lambda: fragmented(_signed(Signer(session(), forge=_with_arbitrary))),
        differs=_STRICT,
        pending=30,
    ),
    Scenario(
        "forged-number",
        "a GOP has the number of the one before",
        INVALID,
        lambda: _forged(GENERAL, lambda value: value[:21] + (2).to_bytes(4, "big") + value[25:]),
    ),
    Scenario(
        "forged-link",
        "a GOP has another link",
        INVALID,
        lambda: _forged(GENERAL, lambda value: value[:-32] + bytes(32)),
    ),
    Scenario(
        "forged-hash-list",
        "a hash list that does not fit the GOP's hash",
        VALID,
        lambda: _forged(HASH_LIST, lambda value: value[:-32] + bytes(32)),
    ),
    Scenario(
        "forged-extra-certificate",
        "the root stands in the chain too",
        UNTRUSTED,
        lambda: _by(_cut_chain(session(), 0, 1, 2, 3, 3)),
        differs=_ROLES,
    ),
    # As a camera of ours lays it out: the SEIs of two GOPs together (section 5.2).
    Scenario("pairs-whole", "SEIs in pairs", VALID, lambda: fragmented(_paired())),
    Scenario(
        "pairs-two-segments",
        "SEIs in pairs, the first segment has three GOPs",
        VALID,
        lambda: fragmented(_paired((2, -1))),
    ),
    Scenario("pairs-trim-at-pair", "from the third GOP on", VALID, lambda: fragmented(_paired()[10:])),
    Scenario("pairs-trim-inside-pair", "from the second GOP on", VALID, lambda: fragmented(_paired()[5:])),
    Scenario(
        "pairs-trim-both",
        "from the second GOP to the middle of the sixth",
        VALID,
        lambda: fragmented(_paired()[5:27]),
        7,
    ),
    Scenario(
        "pairs-trim-end", "to the frame behind which SEIs would stand", VALID, lambda: fragmented(_paired()[:21]), 11
    ),
    Scenario("pairs-segment", "the second segment alone", VALID, lambda: fragmented(_paired((2, -1))[15:])),
    Scenario(
        "pairs-remuxed-mkv", "in Matroska", VALID, lambda: remuxed(fragmented(_paired()), "matroska"), container="mkv"
    ),
    Scenario(
        "pairs-low-bitrate",
        "without hash lists",
        VALID,
        lambda: fragmented(_signed(Signer(session(), paired=True, listed=False))),
    ),
    Scenario("pairs-flip-first", "a bit of the first GOP of a pair", INVALID, lambda: fragmented(flip(_paired(), 12))),
    Scenario(
        "pairs-flip-second", "a bit of the second keyframe of a pair", INVALID, lambda: fragmented(flip(_paired(), 15))
    ),
    Scenario(
        "pairs-flip-in-trim",
        "from the second GOP on, a bit of its keyframe",
        INVALID,
        lambda: fragmented(flip(_paired()[5:], 0)),
    ),
    Scenario(
        "pairs-frame-removed",
        "a frame of the second GOP of a pair",
        MISSING,
        lambda: fragmented(_without_frames(_paired(), 17)),
    ),
    Scenario("pairs-gop-removed", "the third GOP is cut out", INVALID, lambda: fragmented(_cut(_paired(), 10, 15))),
    Scenario("pairs-pair-removed", "a pair of GOPs is cut out", INVALID, lambda: fragmented(_cut(_paired(), 11, 21))),
    Scenario(
        "pairs-first-sei-removed",
        "the first SEI of a pair is taken out",
        INVALID,
        lambda: fragmented(without(_paired(), [2])),
    ),
    Scenario(
        "pairs-second-sei-removed",
        "the second SEI of a pair is taken out",
        INVALID,
        lambda: fragmented(without(_paired(), [3])),
    ),
    Scenario(
        "pairs-seis-removed",
        "both SEIs of a pair are taken out",
        INVALID,
        lambda: fragmented(without(_paired(), [2, 3])),
    ),
    Scenario(
        "pairs-seis-swapped",
        "the SEIs of a pair change places",
        INVALID,
        lambda: fragmented(_exchange_seis(_paired(), 2, 3)),
    ),
    # Keys.
    Scenario(
        "other-root", "the root is another authority's", UNTRUSTED, lambda: fragmented(_signed()), root="stranger"
    ),
    Scenario(
        "other-root-and-flip",
        "the root is another authority's, and a frame was changed",
        INVALID,
        lambda: fragmented(flip(_signed(), 12)),
        root="stranger",
    ),
    Scenario(
        "expired-session",
        "the session certificate has ended, which none of ours ever does",
        UNTRUSTED,
        lambda: _by(_old_session()),
    ),
    Scenario(
        "expired-device",
        "the device certificate ended after the recording",
        VALID,
        lambda: _by(_old_device()),
        differs=_DATES,
    ),
    Scenario(
        "chain-short", "the device-ca certificate is missing", UNTRUSTED, lambda: _by(_cut_chain(session(), 0, 1, 3))
    ),
    Scenario(
        "chain-leaf-only", "the session certificate stands alone", UNTRUSTED, lambda: _by(_cut_chain(session(), 0, 3))
    ),
    Scenario("role-dock", "a dock's key signed", UNTRUSTED, lambda: _by(authority().dock), differs=_ROLES),
    Scenario(
        "role-device",
        "the device key signed, without a session",
        UNTRUSTED,
        lambda: _by(authority().device("cam-0042")),
        differs=_ROLES,
    ),
    Scenario(
        "role-under-dock",
        "a session certificate that a dock issued",
        UNTRUSTED,
        lambda: _by(issue("session", "cam-0042", authority().dock, "vectors s")),
    ),
    Scenario(
        "role-link",
        "a session certificate of another shape",
        UNTRUSTED,
        lambda: _by(issue("session", "cam-0042", authority().device("cam-0042"), "vectors s", shape="dock")),
        differs=_ROLES,
    ),
    Scenario(
        "name-of-other",
        "the session bears another camera's name",
        UNTRUSTED,
        lambda: _by(issue("session", "cam-0043", authority().device("cam-0042"), "vectors s")),
        differs=_ROLES,
    ),
    Scenario(
        "issued-by-stranger",
        "the camera's certificate is another authority's",
        UNTRUSTED,
        lambda: _by(issue("session", "cam-0042", authority("stranger").device("cam-0042"), "vectors s")),
    ),
    # What a decoder shows, and no signature covers.
    Scenario(
        "partition-put-in",
        "a slice of a type that is never signed is put in",
        INVALID,
        lambda: fragmented(_with_unit(_signed(), 12, b"\x42\x9a\x12\x34")),
        differs=_TYPES,
    ),
    Scenario(
        "unit-unknown",
        "a NAL unit of an unknown type is put in",
        INVALID,
        lambda: fragmented(_with_unit(_signed(), 12, b"\x7e\x9a\x12\x34")),
        differs=_TYPES,
    ),
    Scenario(
        "other-sei-put-in",
        "a SEI of another kind is put in",
        VALID,
        lambda: fragmented(_with_unit(_signed(), 12, b"\x06\x05\x10" + bytes(range(1, 17)) + b"\x80")),
    ),
)


def _flip_each(frames: Film) -> Film:
    for at in range(0, 30, 5):
        flip(frames, at)
    return frames


def _without_frames(frames: Film, *numbers: int) -> Film:
    return [frame for at, frame in enumerate(frames) if at not in numbers]


def _only_keyframe(frames: Film) -> Film:
    """Of the third GOP; the SEI in its second frame moves into the keyframe's."""
    kept = [unit for unit in frames[11] if is_onvif(unit)]
    return [*frames[:10], [*frames[10], *kept], *frames[15:]]


def _without_slice(frames: Film) -> Film:
    frames[7].pop()
    return frames


def _doubled(frames: Film, first: int, last: int) -> Film:
    return [*frames[:last], *[list(frame) for frame in frames[first:last]], *frames[last:]]


def _cut(frames: Film, first: int, last: int) -> Film:
    return [*frames[:first], *frames[last:]]


def _clean_cut(frames: Film) -> Film:
    """The third GOP without its SEI, which stands in the fourth; the second's SEI, which stands in it, is kept."""
    before = [unit for unit in frames[11] if is_onvif(unit)]
    after = frames[16]
    return [*frames[:10], *frames[15:16], [*before, *(unit for unit in after if not is_onvif(unit))], *frames[17:]]


def _other_take(boot: int) -> Film:
    return _signed(Signer(session(boot)), source="source-other")


def _transplanted() -> Film:
    frames, other = _signed(), film("source-other")
    return [[*(unit for unit in old if is_onvif(unit)), *new] for old, new in zip(frames, other, strict=True)]


def _mark_certificates(sei: bytes) -> bytes:
    at = sei.index(b"\x7a\x6f\x40") + 2
    return sei[:at] + b"\xc0" + sei[at + 1 :]


def _resigned_by_stranger() -> Film:
    """The third GOP with another frame, under a SEI that fits it, of a stranger's key."""
    frames = [list(frame) for frame in film()]
    frames[13] = list(film("source-other")[13])
    stranger = issue("session", "cam-0042", authority("stranger").device("cam-0042"), "vectors s")
    other = Signer(stranger).sign(frames, (-1,))
    mixed = _signed()
    mixed[13] = frames[13]
    return change(mixed, 2, lambda _sei_: _sei(other, 2))
