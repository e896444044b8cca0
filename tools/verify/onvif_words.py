"""What the signatures in a picture prove, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from tools.verify.findings import Problems
from tools.verify.signatures import UNCOVERED, Picture, Signatures
from tools.verify.times import utc

_SHOWN = 12
_SAID = {
    Picture.MISSING: "frames that were signed are missing from the picture",
    Picture.UNTRUSTED: "the key that signed the picture is not trusted: {distrust}",
    Picture.UNDECIDED: "the picture holds signatures, and none can be judged: it is too short, or has no certificate",
    Picture.UNSIGNED: "the picture is not signed: no camera of ours made it, or the signatures were taken out",
    Picture.INVALID: "the picture is not the one that was signed",
}


def problems(found: Signatures, name: str, problems: Problems) -> None:
    """Note what is wrong with a film's signatures."""
    if found.verdict is not Picture.VALID:
        problems.add(name, _SAID[found.verdict].format(distrust=found.distrust))
    if found.distrust is not None and found.verdict is not Picture.UNTRUSTED:
        problems.add(name, _SAID[Picture.UNTRUSTED].format(distrust=found.distrust))
    if found.verdict is not Picture.UNSIGNED:
        for finding in found.findings[:_SHOWN]:
            problems.add(name, str(finding))
        rest = len(found.findings) - _SHOWN + found.more
        if rest > 0:
            problems.add(name, f"and {rest} more places")
        if found.pending_gops > UNCOVERED:
            problems.add(
                name,
                f"the last {found.pending} frames are not signed: {found.pending_gops} GOPs, a film of ours cut "
                f"off anywhere ends with at most {UNCOVERED}",
            )


def facts(found: Signatures) -> Iterator[str]:
    """What is there."""
    yield f"signatures in the picture (ONVIF Media Signing): {found.verdict}"
    yield f"{found.frames} frames: {found.proven} under valid signatures, {found.pending} behind the last signature"
    if found.signer is not None and found.signer.device is not None:
        yield f"signed by camera {found.signer.device}, session certificate {found.signer.session}"


def proven(found: Signatures, rooted: bool) -> Iterator[str]:  # noqa: FBT001
    """What holds: nothing, unless the verdict is a good one and the certificates lead to the root."""
    if found.verdict is not Picture.VALID or found.signer is None or found.begin is None or found.end is None:
        return
    authority = "a certificate that leads to the given root" if rooted else "a certificate"
    frames = f"{found.proven} frames in a row, none altered, none missing between them"
    yield f"the picture is what camera {found.signer.device} signed at capture under {authority}: {frames}"
    yield f"by the camera's own clock they were taken from {utc(found.begin)} to {utc(found.end)}"


def not_proven(found: Signatures, rooted: bool) -> Iterator[str]:  # noqa: FBT001
    """What these signatures cannot say."""
    if found.verdict is Picture.UNSIGNED:
        return
    if not rooted:
        yield "no root was given: who certified this camera was not judged"
    if found.pending:
        yield f"the last {found.pending} frames: no signature covers them"
    yield "what was recorded before the first and after the last of these frames; --evidence RECORDING tells"
    yield "sound, when and how long each frame is shown, the decoder's settings: the signatures are over the picture alone"
    yield "dates of certificates were not judged: no trusted time"
