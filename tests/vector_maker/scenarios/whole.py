"""Nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tests.evidence_maker import Camera, Plan
from tests.vector_maker.bases import CARD, FIRST, SMALL
from tests.vector_maker.evidence import RECOVERED, UNPROVEN, WHOLE, Scenario
from tests.vector_maker.scenarios.making import as_it_is, changed, copy, edit, move, put, remove, then, told

_AUTHORITY, _ESCROW = ("authority.agekey",), ("escrow.agekey",)
STORE = "store/cam-0042/08f7f6a2"


def _good(name: str, about: str, section: str, base: str, **options: object) -> Scenario:
    make = options.pop("make", as_it_is(base))
    return Scenario(name, about, section, base, make, **{"verdict": WHOLE, **options})  # type: ignore[arg-type]  # a table


def in_store(*changes: object) -> dict[str, bytes]:
    """The card as a dock stored it."""
    tree = dict(changed("card", *changes)())  # type: ignore[arg-type]  # changes are of any kind
    move("card", f"store/cam-0042/{volume_id()}")(tree)
    return tree


def volume_id() -> str:
    """The id of the bases' volume."""
    return Camera.volume


def _erasing() -> dict[str, bytes]:
    whole = changed("card")()
    tree = dict(then("card", lambda camera: camera.erase(1))())
    tree |= {
        f"card/erasing/00000001/{path.rpartition('/')[2]}": whole[path] for path in whole if path.startswith(FIRST)
    }
    return tree


def _sealed_unlogged(camera: Camera) -> None:
    recorder = camera.open(SMALL)
    recorder.record(SMALL)
    recorder.seal(SMALL)


def _once(camera: Camera, plan: Plan) -> None:
    camera.record(plan)


def _second() -> dict[str, bytes]:
    from tests.vector_maker.scenarios.second import again  # noqa: PLC0415 - stands on this module

    return again()


SCENARIOS = (
    _good("recording", "a recording as the camera sealed it and a dock receipted it", "6", "recording",
          proven=("dock-1",), unproven=("no key was given",)),
    _good("with-authority-key", "what it holds is what the journal signs, by the authority's key", "4", "recording",
          keys=_AUTHORITY, proven=("each of 3 segments decodes alone",)),
    _good("with-escrow-key", "the same, by escrow's key", "4", "recording", keys=_ESCROW,
          proven=("each of 3 segments decodes alone",)),
    _good("no-root", "without a root nobody vouches for the camera", "3", "recording", root="none",
          unproven=("no root was given",)),
    _good("no-receipt", "without a trusted time dates are not judged", "16", "recording",
          make=changed("recording", remove(f"{FIRST}/receipt.jws")), unproven=("dates",)),
    _good("exhibit", "a copy of the folder under a name that is no number", "1", "recording",
          make=changed("recording", move(FIRST, "exhibit-A")), path="exhibit-A"),
    _good("hybrid", "recipients of the class mlkem768x25519, without a key", "4", "hybrid"),
    _good("hybrid-with-authority-key", "the same, by the authority's key", "4", "hybrid",
          keys=("hybrid-authority.agekey",), proven=("decodes alone",)),
    _good("hybrid-with-escrow-key", "the same, by escrow's key", "4", "hybrid",
          keys=("hybrid-escrow.agekey",), proven=("decodes alone",)),
    _good("gaps", "lost frames and missing sound that the journal counts, unused segment numbers, marked", "5.1", "gaps"),
    _good("gaps-with-key", "the same, by the authority's key", "5.1", "gaps", keys=_AUTHORITY),
    _good("never-docked", "a card that no dock has countersigned", "10", "card", path="card", verdict=UNPROVEN,
          make=changed("card", remove("card/anchor.jws")), unproven=("no dock has ",)),
    _good("card", "a card whose log a dock countersigned", "10", "card", path="card", proven=("up to number 3",)),
    _good("card-second-boot", "another boot goes on with the log", "11", "card", path="card", verdict=UNPROVEN,
          make=then("card", Camera.boot)),
    _good("recorded-since", "a recording since the last docking is there, and nobody outside knows", "10", "card", path="card",
          verdict=UNPROVEN, make=then("card", partial(Camera.record, plan=SMALL)), unproven=("since the last docking",)),
    _good("prepared-folder", "the folder that is ready for the next recording is none yet", "1", "card", path="card",
          make=changed("card", put("card/recordings/00000004/journal.jwsl", b""))),
    _good("strangers", "what is no part of a volume, beside it", "1", "card", path="card",
          make=changed("card", put("card/DCIM/1.jpg", b"x"), put("card/quarantine/00000009/x", b"x"))),
    _good("torn-log", "a torn line behind the log's last", "11", "card", path="card",
          make=changed("card", edit("card/audit/00000001.jwsl", lambda data: data + b"eyJhbG"))),
    _good("zeros-behind-the-log", "zeros where a line of the log was to be", "11", "card", path="card",
          make=changed("card", edit("card/audit/00000001.jwsl", lambda data: data + bytes(900)))),
    _good("erased", "erased against a receipt", "11", "card", path="card", verdict=UNPROVEN,
          make=then("card", lambda camera: camera.erase(1))),
    _good("erasing", "an erasure that a cut interrupted", "1", "card", path="card", verdict=UNPROVEN,
          make=_erasing),
    _good("store", "a dock's store", "1", "card", path="store", make=in_store),
    _good("device", "a device's folder in it", "1", "card", path="store/cam-0042", make=in_store),
    _good("damaged-copy-aside", "what read badly and was fetched again, beside the recording", "1", "card", path="store",
          make=lambda: in_store(copy(f"{CARD}recordings/00000001/journal.jwsl",
                                     f"{CARD}recordings/00000001.damaged-1/journal.jwsl"))),
    _good("cut-after-manifest", "a manifest that was durable before its closing line", "11", "card", path="card",
          verdict=UNPROVEN, make=then("card", _sealed_unlogged)),
    _good("one-segment-no-sound", "the smallest recording", "6", "card"),
    _good("resumed", "a recording that resumes one that was cut off", "6.1", "recovered", path="card/recordings/00000002"),
    _good("marked-and-silent", "marked, with nothing said in private but that it ended", "7", "card",
          make=told(lambda camera: _once(camera, replace(SMALL, priority=True)))),
    _good("second-signature", "signed again with ML-DSA-65, by the pq-root", "8.1", "card", pq_root="pq-root.crt.pem",
          make=_second, proven=("signed with ML-DSA-65, too",)),
    _good("whole-card-recovered", "a card with a recovered recording", "8", "recovered", path="card", verdict=UNPROVEN),
    _good("recovered", "a recording that was cut off and closed by a later boot", "8", "recovered", verdict=RECOVERED,
          unproven=("were present",)),
)  # fmt: skip
