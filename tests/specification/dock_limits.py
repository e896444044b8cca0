"""Every number that bounds the dock protocol, from the code of both sides."""

from __future__ import annotations

from firmware.dock import (
    arq,
    bundlerule,
    bundling,
    channel,
    clockrule,
    enrolling,
    frames,
    link,
    messages,
    patience,
    service,
)
from firmware.evidence import cms, timestamp
from firmware.runtime import berth, bundles, docklink, intake
from tests.specification.tables import grouped, table
from tools.dock import conversation
from tools.dock.face import rate
from tools.dock.rack import attempts, crowd
from tools.dock.sharing import helping, pool
from tools.dock.updating import handing

_MS = 1_000_000

SIZES = (
    ("bytes of a link frame's payload", frames.PAYLOAD_LIMIT, "1.1"),
    ("bytes of a link frame on the wire, its zero included", frames.WIRE_LIMIT, "1.1"),
    ("frames that our side offers to take ahead", link.WINDOW, "1.3"),
    ("frames that a peer is believed to take ahead, whatever it offers", arq.WINDOW_LIMIT, "1.3"),
    ("frames in flight at first, and at least", arq.FLIGHT_FLOOR, "1.3"),
    ("frames lost one behind the other that noise may have hit", arq.OVERFLOW - 1, "1.3"),
    ("bytes of a JSON body", messages.JSON_LIMIT, "3"),
    ("bytes of Data", messages.DATA_LIMIT, "3"),
    ("bytes of Data that our camera says at once", messages.CHUNK, "4.2"),
    ("the same on TCP, behind the first of an answer", messages.BULK, "4.2"),
    ("bytes of an answer before it does", messages.BULK_AFTER, "4.2"),
    ("bytes of AssignmentLine, OrderLine, AnchorLine, BundleLine", messages.AnchorLine.LIMIT, "3"),
    ("bytes of Piece, at least 1", bundling.Piece.LIMIT, "4.7"),
    ("bytes of Piece that our dock says at once", handing.PIECE, "4.7"),
    ("bytes that our camera keeps free of bundles where it receives them", bundlerule.KEPT_FREE, "4.7"),
    ("bytes of a bundle that our camera has taken and not synced", intake.PIECE + bundling.Piece.LIMIT - 1, "4.7"),
    ("offers and refusals of bundles that our camera notes in one boot", bundles.MOST_SAID, "4.7"),
    ("times in one boot that other bytes than the paper says may arrive as a bundle", bundles.MOST_WRONG, "4.7"),
    ("bytes of SettingsLine, ReceiptLine, LogReceiptLine", messages.ReceiptLine.LIMIT, "3"),
    ("bytes of KeyRequest, at least 1", enrolling.KeyRequest.LIMIT, "4.9"),
    ("`certificates`", enrolling.CERTIFICATES, "4.9"),
    ("characters of each (base64), at least 1", enrolling.LONGEST_CERTIFICATE, "4.9"),
    ("bytes of Sample, at least 1", enrolling.Sample.LIMIT, "4.9"),
    ("characters of `serial` in Introduction", enrolling.LONGEST_SERIAL, "4.9"),
    ("entries of Items or Files", messages.PAGE, "3"),
    ("entries of all pages together that our dock takes", conversation.MOST_ENTRIES, "4.2"),
    ("`start`, `total`", messages.MOST_ITEMS, "3"),
    ("`files` of an entry of Items", messages.MOST_FILES, "3"),
    ("entries of `versions`, each 1 to 255", messages.MOST_VERSIONS, "3"),
    ("characters of `token` (base64), at least 1", messages.LONGEST_TOKEN, "3"),
    ("bytes of a token", timestamp.LONGEST, "4.1"),
    ("certificates in a time stamp", cms.MOST_CERTIFICATES, "4.1"),
    ("hexadecimal digits of `proof`, at least 16", messages.LONGEST_PROOF, "3"),
    ("characters of a `code`, at least 1", messages.LONGEST_CODE, "3"),
    ("signed lines that our camera refuses, and Conflicts that it takes, in one session", service.MOST_OFFENCES, "7"),
    ("certificates of either side", 3, "2"),
    ("cameras in our dock at once", crowd.MOST_CAMERAS, "4.1"),
    ("links of one camera to our dock", crowd.MOST_SESSIONS, "4.1"),
    ("connections to our dock that have not shown who they are, from one slot", crowd.MOST_AT_A_SLOT, "2"),
    ("the same from a slot that was refused", 1, "2"),
    ("the same from all slots together", crowd.MOST_STRANGERS, "2"),
)

TIMES = (
    ("OPEN is said again", link.OPEN_EVERY_NS / _MS, "1.2"),
    ("a first PROBE while no round trip was measured", link.PATIENCE_FIRST_NS / _MS, "1.3"),
    ("a first PROBE behind two round trips", link.PATIENCE_SLACK_NS / _MS, "1.3"),
    ("the longest pause between two PROBEs while something waits", link.PATIENCE_CEILING_NS / _MS, "1.3"),
    ("PROBE of an idle side", link.KEEP_ALIVE_NS / _MS, "1.3"),
    ("a link without a sign of life is over", link.SILENCE_NS / _MS, "1.3"),
    ("a handshake is given up", channel.HANDSHAKE_NS / _MS, "2"),
    ("a side that says nothing, or takes nothing, is given up", channel.SILENCE_NS / _MS, "4"),
    ("Ping of an idle dock", conversation.PING_S * 1000, "4"),
    ("Ping of a dock that was told Busy", helping.BUSY_S * 1000, "4.3"),
    ("*docked*, after ClockSet", berth.STOOD_NS / _MS, "4.1"),
    ("a camera's slower port begins, once something is at its other end", berth.HEAD_START_NS / _MS, "4.8"),
    ("a camera leaves a slower link, after ClockSet on a faster one", berth.STOOD_NS / _MS, "4.8"),
    (
        "our dock does not wait for a slower session, which has a file of an earlier recording",
        pool.PATIENCE_S * 1000,
        "4.8",
    ),
    ("a session from which nothing comes loses its file to another one", rate.STALLED_S * 1000, "4.8"),
    ("a camera's pause after a docking that was no refusal", patience.PAUSES_S[0] * 1000, "2"),
    ("a camera's pause after a first refusal; it doubles with each further one", patience.PAUSES_S[1] * 1000, "2"),
    ("the longest of these pauses", patience.PAUSES_S[-1] * 1000, "2"),
    (
        "a camera's longer pause behind a third docking in a row that broke off early; it doubles with each further one",
        patience.DROPS_S[3] * 1000,
        "2",
    ),
    ("the longest by which a pause is longer for that", patience.DROPS_S[-1] * 1000, "2"),
    ("a docking that breaks off later than this did not break off early", patience.EARLY_NS / _MS, "2"),
    (
        "our dock's pause at a slot after a first refusal; it doubles with each further one",
        attempts.PAUSES_S[0] * 1000,
        "2",
    ),
    ("the longest of these pauses at a slot", attempts.PAUSES_S[-1] * 1000, "2"),
    ("a camera whose dock said Bye offers itself again, where it is not taken out before", docklink.REST_NS / _MS, "4"),
    ("the largest step of a set clock on a dock's word", clockrule.LARGEST_STEP_MS, "4.1"),
    ("how far a token's time and the dock's may be apart, beyond its accuracy", clockrule.APART_MS, "4.1"),
    ("the largest accuracy of a time stamp that moves a clock", timestamp.LOOSEST_MS, "4.1"),
)


def limits() -> str:
    """Sizes and counts."""
    return table(("at most", "", "section"), [(what, grouped(most), section) for what, most, section in SIZES])


def times() -> str:
    """Pauses and patience."""
    return table(
        ("after", "milliseconds", "section"), [(what, grouped(round(ms)), section) for what, ms, section in TIMES]
    )
