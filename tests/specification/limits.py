"""Every number that bounds the evidence format, once: from the firmware, beside the verifier's own, for the pages and for a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firmware.evidence import age, canonical, certs, jws, kinds, log_kinds, log_private, recipients
from firmware.evidence.kinds import OPENING
from firmware.media import fmp4, h264, sei
from tests.specification.tables import grouped, table
from tools.verify import age as desk_age
from tools.verify import canonical as desk_canonical
from tools.verify import certs as desk_certs
from tools.verify import documents as desk
from tools.verify import journal as desk_journal
from tools.verify import jws as desk_jws
from tools.verify import log_private as desk_log_private
from tools.verify import schema as desk_schema
from tools.verify import timestamp as desk_timestamp

Check = Callable[[Any, str], None]
DeskCheck = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Size:
    """The most of something: for whom it is a limit, in the firmware and in the verifier (None: it is not its business)."""

    what: str
    section: str
    most: int
    desk: int | None


@dataclass(frozen=True, slots=True)
class Range:
    """A number, or (``of`` set) the length of a text made of that, from ``least`` to ``most``: as both readers check it."""

    what: str
    section: str
    least: int
    most: int
    check: Check
    desk: DeskCheck | None
    of: str = ""

    def value(self, number: int) -> int | str:
        """What has this number."""
        return self.of * number if self.of else number


SIZES = (
    Size("bytes of a line of a `.jwsl` file, without its LF", "2", jws.LINE_LIMIT, desk_jws.MAX_LINE),
    Size("bytes of the JWS in a `.jws` file, without its LF", "2", jws.FILE_LIMIT, desk_jws.MAX_JWS),
    Size("the same of settings, a receipt, a receipt for the log", "2", jws.PAPER_LIMIT, desk_jws.MAX_PAPER),
    Size("bytes of a JWS header, decoded", "2", jws.HEADER_LIMIT, desk_jws.MAX_HEADER),
    Size("certificates in `x5c`", "3", jws.CHAIN_LIMIT, desk_jws.MAX_CHAIN),
    Size("bytes of a certificate in DER", "3", certs.LARGEST, desk_certs.MAX_DER),
    Size(
        "levels of objects and lists in canonical JSON, the outermost counted",
        "2",
        canonical.DEEPEST,
        desk_canonical.DEEPEST,
    ),
    Size("an integer in canonical JSON, and, negated, the least", "2", canonical.LARGEST, desk_canonical.LARGEST),
    Size("bytes of the JWS in `manifest.pq.jws`, without its LF", "8.1", jws.LINE_LIMIT, desk_jws.MAX_LINE),
    Size("bytes of `manifest.tsr`", "15", desk_timestamp.LARGEST, desk_timestamp.LARGEST),
    Size("recipients of an age file (at least 2)", "4", recipients.MOST, desk_age.MOST_RECIPIENTS),
    Size("characters of an age recipient", "4", recipients.LONGEST, None),
    Size("bytes of an age header, its nonce not counted", "4", 65536, desk_age.MAX_HEADER),
    Size("plain bytes of a chunk of an age file", "4", age.CHUNK, desk_journal.CHUNK),
    Size(
        "files that a manifest lists, and pre-event segments that it says are missing",
        "8",
        kinds.MOST_FILES,
        desk.MAX_FILES,
    ),
    Size(
        "earlier recordings of which one says that it has frames of theirs",
        "6.1",
        kinds.MOST_OVERLAPS,
        desk.MAX_OVERLAPS,
    ),
    Size("files that a receipt lists", "9", kinds.MOST_FILES + 3, desk.MAX_FILES + 3),
    Size("openings that a `boot` line lists", "11.1", log_kinds.MOST_OPEN, desk.MAX_OPEN),
    Size(
        "bytes of a record in the log's private part, without its LF",
        "11.2",
        log_private.RECORD_LIMIT,
        desk_log_private.MAX_RECORD,
    ),
    Size("files that a receipt for the log lists", "11.3", log_kinds.MOST_LOG_FILES, desk.MAX_LOG_FILES),
    Size("certificates that settings withdraw", "13", kinds.MOST_REVOKED, desk.MAX_REVOKED),
    Size("values in settings", "13", kinds.MOST_VALUES, desk.MAX_VALUES),
    Size("bytes of a firmware bundle (at least 1)", "13.1", kinds.MOST_BUNDLE, None),
    Size("bytes of an access unit that a camera takes from its encoder", "5", h264.MAX_ACCESS_UNIT, None),
    Size("NAL units of an access unit", "5", h264.MAX_NAL_UNITS, None),
    Size("bytes of a parameter set", "5", h264.MAX_PARAMETER_SET, None),
    Size("bytes of an AudioSpecificConfig", "5.3", fmp4.MAX_AUDIO_CONFIG, None),
    Size("slices of a GOP whose hashes are listed", "5.2", sei.MOST_HASHES, None),
    Size("slices of a GOP that are counted", "5.2", sei.MOST_COUNTED, None),
)


def _part(*path: str) -> Check:
    """The check of one member of an opening: all the others of that object are good."""
    good = {"video": {"width": 16, "height": 16, "fps": 1}, "audio": {"rate": 8000, "channels": 1}}

    def check(value: Any, where: str) -> None:
        OPENING.table({**_opening(), path[0]: {**good[path[0]], path[1]: value}}, where)

    return check


def _desk_part(*path: str) -> DeskCheck:
    good = {"video": {"width": 16, "height": 16, "fps": 1}, "audio": {"rate": 8000, "channels": 1}}

    def check(name: str, value: Any) -> None:
        desk.PAYLOADS[desk.OPENING](name, {**_opening(), path[0]: {**good[path[0]], path[1]: value}})

    return check


def _opening() -> dict[str, Any]:
    from tests import samples  # noqa: PLC0415 - good members of every object, wanted here alone

    return {"device": "cam-1", **samples.opening()}


RANGES = (
    Range("`number`, `boot`", "6.1", 1, 99_999_999, kinds.NUMBER, desk.NUMBER),
    Range("number of a segment", "1", 0, 999_999, kinds.SEGMENT, desk.SEGMENT),
    Range("a length, a count, a media time", "6.2", 0, canonical.LARGEST, kinds.COUNT, desk.COUNT),
    Range(
        "`utc_ms` of what a dock or an authority signs, `since_ms`", "13", 0, 253_402_300_799_999, kinds.TIME, desk.TIME
    ),
    Range(
        "`utc_ms` of a camera's or a desk's clock",
        "6.3",
        -canonical.LARGEST,
        canonical.LARGEST,
        kinds.ANY_TIME,
        desk.ANY_TIME,
    ),
    Range("`width`, `height`", "6.1", 16, 16_384, _part("video", "width"), _desk_part("video", "width")),
    Range("`fps`", "6.1", 1, 240, _part("video", "fps"), _desk_part("video", "fps")),
    Range("`rate` of sound", "6.1", 8000, 192_000, _part("audio", "rate"), _desk_part("audio", "rate")),
    Range("`channels` of sound", "6.1", 1, 8, _part("audio", "channels"), _desk_part("audio", "channels")),
    Range("characters of a device's or a dock's name (`a-z 0-9 -`)", "3", 1, 32, kinds.NAME, desk.NAME, of="a"),
    Range("characters of a shift's or a store's id (`A-Z a-z 0-9 -`)", "14", 1, 64, kinds.LABEL, desk.LABEL, of="a"),
    Range("characters of any other text", "20", 0, 256, kinds.WORDS, desk_schema.text(), of="a"),
)


def limits() -> str:
    """The table of the page."""
    rows = [(each.what, grouped(each.most), each.section) for each in SIZES]
    spans = [(each.what, f"{grouped(each.least)} to {grouped(each.most)}", each.section) for each in RANGES]
    return "\n\n".join([table(("at most", "", "section"), rows), table(("from, to", "", "section"), spans)])
