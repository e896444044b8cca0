"""What the page says in words of its own: verdicts, explanations, glossary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.verify.report import Verdict


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verdict in one sentence, and what follows from it."""

    headline: str
    lead: str


ONE: Final = {
    Verdict.WHOLE: Sentence(
        "{What} is whole: nothing in it was changed, added or taken away since the camera signed it.",
        "It was compared, byte by byte, with what the camera signed while it was recording, and every check passed.",
    ),
    Verdict.RECOVERED: Sentence(
        "{What} was cut off; what the camera had signed until then is unaltered.",
        "The camera stopped in the middle, most likely because it lost its power, and closed the recording when it started again. All "
        "that it signed before is here as it was. The last moments before the stop may be incomplete.",
    ),
    Verdict.OPEN: Sentence(
        "{What} was never closed; the part that the camera signed is unaltered.",
        "It is still being made, or it was cut off and the camera has not started again since. What is signed is here as it was. Where "
        "the recording ends is not proven.",
    ),
    Verdict.REVOKED: Sentence(
        "{What} was signed by a camera that the authority no longer believes.",
        "Nothing in it was found altered. But the authority has withdrawn the camera's certificate, and nobody but the camera itself says "
        "that this was made before. Whoever has the camera's key could have made it.",
    ),
    Verdict.NOT_WHOLE: Sentence(
        "{What} is not whole: {wrong}.",
        "At least one check failed. Until that is explained, do not rely on it as a complete and unaltered record.",
    ),
}
"""For a recording.  ``{What}``: what it is called."""

MANY: Final = {
    Verdict.WHOLE: Sentence(
        "{What} is whole: every recording in it is as the camera signed it, and none that the camera's log names is unaccounted for.",
        "Everything is exactly what the camera signed. Nothing was found to be changed, added or taken away.",
    ),
    Verdict.RECOVERED: Sentence(
        "Nothing in {what} was altered, and no recording that the camera's log names is unaccounted for; {some} cut off while recording.",
        "A recording that was cut off holds all that the camera had signed until then, unaltered. Its last moments may be incomplete.",
    ),
    Verdict.UNPROVEN: Sentence(
        "Nothing in {what} was found altered, but it is not proven that nothing is missing since the last docking.",
        "All that is here is as the camera signed it. A dock vouches for what there was at the last docking; what the camera did after that, "
        "and whether the newest recordings are all here, nobody but the camera says until it is docked again.",
    ),
    Verdict.OPEN: Sentence(
        "Nothing in {what} was found altered; {some} never closed.",
        "What is not closed is still being made, or was cut off and waits for the camera's next start. What was signed is here as it "
        "was. Where an open recording ends is not proven.",
    ),
    Verdict.REVOKED: Sentence(
        "{What} holds what was signed by a camera that the authority no longer believes.",
        "Nothing was found altered. But the authority has withdrawn a certificate, and for a part of this nobody but the camera itself says "
        "that it was made before. Whoever has the camera's key could have made that part.",
    ),
    Verdict.NOT_WHOLE: Sentence(
        "{What} is not whole: {wrong}.",
        "At least one check failed. Until that is explained, do not rely on what is named under 'What is wrong'.",
    ),
}
"""For a card, a device or a store.  ``{some}``: how many recordings, with their verb."""

FILM: Final = {
    Verdict.WHOLE: Sentence(
        "{What} shows what the camera recorded.",
        "Its picture and sound were compared, sample by sample, with what the camera signed while it was recording, and are the same.",
    ),
    Verdict.RECOVERED: Sentence(
        "{What} shows what the camera recorded, up to where the recording was cut off.",
        "Its picture and sound are those that the camera signed. The recording behind it was cut off; its last moments may be incomplete.",
    ),
    Verdict.DERIVATIVE: Sentence(
        "{What} shows what the camera recorded; sound was removed from it, and the export desk signed that it did so.",
        "Its picture is the one that the camera signed, sample by sample, and so is what is left of the sound. Which sound was removed is "
        "said below; what it was, this film does not show.",
    ),
    Verdict.OPEN: Sentence(
        "{What} shows what the camera recorded, as far as that was signed; the recording was never closed.",
        "Its picture and sound are those that the camera signed. Where the recording ends is not proven.",
    ),
    Verdict.REVOKED: Sentence(
        "{What} shows what was signed by a camera that the authority no longer believes.",
        "Its picture and sound are those that were signed. But the authority has withdrawn the camera's certificate, and nobody but the "
        "camera itself says that this was made before.",
    ),
    Verdict.NOT_WHOLE: Sentence(
        "{What} could not be shown to be what the camera recorded: {wrong}.",
        "The film, or the recording that it was compared with, failed at least one check. Do not rely on the film until that is explained.",
    ),
}
"""For an exported film."""

ALONE: Final = {
    Verdict.VALID: Sentence(
        "{What} shows what the camera signed while it was recording.",
        "The camera signs its picture, group by group, inside the video. All of these signatures hold, and none is missing between them. "
        "Whether more was recorded before or after was not asked.",
    ),
    Verdict.NOT_WHOLE: Sentence(
        "{What} could not be shown to be what a camera recorded: {wrong}.",
        "The signatures inside the video do not prove it. Do not rely on the film until that is explained.",
    ),
}
"""For a film without a recording to compare it with."""

MEANS: Final = {
    Verdict.VALID: (
        "The camera signed this picture while it was recording, before it left the camera's memory.",
        "A frame that was changed, added, exchanged or taken out between the first and the last would have been found.",
        "The signature leads to the authority whose root certificate was used for this check (see the annex).",
        "The sound, and what was recorded before and after, are not part of this: the recording itself proves those.",
    ),
    Verdict.WHOLE: (
        "The camera signed this evidence while it was recording, before it left the camera's memory.",
        "A change of a single byte afterwards, whether by accident or on purpose, would have been found.",
        "The signature leads to the authority whose root certificate was used for this check (see the annex).",
    ),
    Verdict.RECOVERED: (
        "What the camera signed before it was cut off is complete and unaltered.",
        "A change of a single byte in that part would have been found.",
        "The camera itself says that the recording was cut off, and closed it afterwards. Nobody can remove that remark.",
    ),
    Verdict.DERIVATIVE: (
        "The picture is what the camera signed while it was recording; a change of a single byte would have been found.",
        "Sound was removed on purpose, by the desk that is named. The original still has it, and can be compared.",
    ),
    Verdict.UNPROVEN: (
        "What is here is unaltered; a change of a single byte would have been found.",
        "Up to the last docking no recording is missing without being named. A missing one after that cannot be seen yet.",
        "The camera's next docking, or the dock's own store, settles it.",
    ),
    Verdict.OPEN: (
        "What is signed is unaltered; a change of a single byte in that part would have been found.",
        "More may have been recorded than is here.",
    ),
    Verdict.REVOKED: (
        "The signatures fit, but the key that made them may have been in other hands.",
        "Only a time that somebody else signed (a dock's receipt, a time stamp), from before the withdrawal, would show that this is older.",
    ),
    Verdict.NOT_WHOLE: (
        "At least one thing is not as the camera or a dock signed it. Each is listed below, with its file and the reason.",
        "If this is a copy, ask for another one, and check that: a copy may be incomplete, or its medium damaged.",
    ),
}

NOT_MEANS: Final = (
    "That the picture shows all that happened: a camera sees what is in front of it.",
    "That the scene in front of the camera was what it seems to be.",
    "That the time of day is right, unless it says so under 'What is proven'.",
    "Who wore the camera, or who is seen or heard.",
    "That a camera that was taken over from inside, or an authority that gave its keys away, was honest.",
    "Whether a court admits this as evidence.",
)
NOT_WITHHELD: Final = "That nothing was recorded and withheld since the last docking, unless 'What is proven' says so."
BLAMES_NOBODY: Final = "Who did it, or why: a damaged card, an incomplete copy and a deliberate change can look alike."

CHECKED: Final = {
    "custody": (
        "Every signature, and every certificate behind it up to the root",
        "The chain that links each line of the camera's journal to the one before",
        "Length and fingerprint (SHA-256) of every file, against what the camera signed",
        "Whether a file is missing, was added or was renamed",
        "Receipts, if there are any: what a dock confirmed that it took over",
        "Time stamps, if there are any: what an independent office signed about when the manifest was there",
    ),
    "volume": (
        "The camera's own log, line by line, and whether every recording that it names is here or accounted for",
        "That the recordings follow one another as the camera numbered and linked them",
        "The last countersignature of a dock, if there is one",
    ),
    "content": (
        "Picture, sound and private notes, decrypted with the key that was given and compared with what was signed",
    ),
    "picture": (
        "The signatures inside the video (ONVIF Media Signing), frame by frame, and the certificates behind them",
    ),
    "film": ("Picture and sound of the film, sample by sample, against the signed journal of the recording",),
}
NO_KEY: Final = "What the files show was not looked at: they are encrypted, and no key was given. The results above do not need one."


@dataclass(frozen=True, slots=True)
class Gloss:
    """A kind of problem: how its reasons read, what it comes to in a few words, and in a sentence."""

    pattern: str
    short: str
    sentence: str


GLOSSES: Final = (
    Gloss(
        r"(is|are) missing\b(?! before)|recordings? \d+.* missing",
        "something is missing",
        "Something that must be here is not.",
    ),
    Gloss(
        r"was added or renamed|is no (file|recording)|not an ordinary file|no ordinary file|does not know this file",
        "something is here that does not belong here",
        "Something is here that the camera did not put here, or under another name.",
    ),
    Gloss(
        r"bytes are not those|other bytes|not what was signed",
        "something was changed or damaged",
        "The file was changed after it was signed, or its copy is damaged.",
    ),
    Gloss(
        r"has \d+ bytes|is cut off|is longer now|will not decode|does not decode",
        "something was cut short, or added to",
        "The file is shorter or longer than what was signed, or cannot be shown.",
    ),
    Gloss(
        r"signature|high s|base64|JSON|JWS|canonical",
        "a signature does not hold",
        "A signed text was changed after it was signed, or somebody else signed it.",
    ),
    Gloss(
        r"certificate|chain has",
        "a signer cannot be traced to the authority",
        "Whoever signed this cannot be traced to the authority, or was not allowed to sign it.",
    ),
    Gloss(
        r"another|does not belong|is not this recording's|is not that of|claims the same number|under another",
        "parts of different evidence are mixed",
        "It belongs somewhere else: parts of different evidence were mixed.",
    ),
    Gloss(
        r"runs? back|out of order|must follow|not the hash of the line before|a dock saw|were not",
        "part of a signed list was removed or put into another order",
        "Lines were removed, doubled or put into another order.",
    ),
    Gloss(
        r"differs?|sample|frame|picture|sound|out of step|same part|shown",
        "picture or sound are not those that were signed",
        "Picture or sound are not those that the camera signed.",
    ),
    Gloss(
        r"cannot be (opened|read)",
        "something cannot be read",
        "The file could not be read, so nothing can be said about it.",
    ),
    Gloss("", "something is not as it was signed", "It is not as it was signed."),
)
"""What the reason of a problem comes to in plain words: the first whose pattern is found in it."""

SIGNERS: Final = {
    "software": "in a file on the camera (meant for development: whoever copies the file can sign as this camera)",
    "tpm2": "in a security chip of the camera",
    "firmware": "in the camera's processor",
}
CLOCKS: Final = {
    "unset": "the clock had never been set: the time of day is not known",
    "rtc": "the camera's own clock, kept since an earlier setting",
    "dock": "the camera's own clock, set by a dock since it was switched on",
}
GAPS: Final = {
    "video": ("picture is missing", "frame", "frames"),
    "audio": ("sound is missing", "unit of sound", "units of sound"),
    "overflow": ("dropped because the card was slow", "unit", "units"),
}
ROLES: Final = {
    "root": "the authority's root: everything else is certified by it",
    "device-ca": "certifies cameras",
    "device": "one camera",
    "session": "one camera, from one start to the next",
    "dock-ca": "certifies docks",
    "dock": "one dock",
    "pq-device": "one camera's second signatures (ML-DSA-65)",
    "settings": "signs what the authority lays down, and whom it believes no more",
    "export": "one export desk",
}

GLOSSARY: Final = (
    (
        "Certificate",
        "A signed statement that a key belongs to a camera, a dock or an office. Each is certified by the one above, up to the root.",
    ),
    ("Dock", "The station that takes recordings over from cameras. It checks them and signs for what it took."),
    (
        "Fingerprint, hash, SHA-256",
        "A number computed from a file. Two different files do not have the same one; so it shows whether a file was changed, even by one byte.",
    ),
    (
        "Journal",
        "The list, signed line by line while recording, of how far each file had grown and what its fingerprint was.",
    ),
    (
        "Log",
        "The camera's own diary: starts, recordings, dockings. Each line is signed and linked to the one before, so none can be removed unseen.",
    ),
    ("Manifest", "The signed list of all files of a recording, made when it was closed."),
    (
        "Pre-event",
        "The time before the button was pressed. The camera keeps the last seconds in memory and adds them to a recording.",
    ),
    (
        "Receipt",
        "A dock's signature that it has safely stored exactly these files. Only against one does a camera erase a recording.",
    ),
    (
        "Recovered",
        "A recording that was cut off, for instance because the battery failed, and that the camera closed at its next start.",
    ),
    (
        "Root certificate",
        "The one thing that this check takes on trust. Compare its fingerprint with the one that the authority published.",
    ),
    ("Segment", "A part of a recording of some seconds, in a file of its own."),
    (
        "Time stamp",
        "A signature by an office that has nothing to do with the camera, which says when it was shown a file's fingerprint.",
    ),
    (
        "UTC",
        "Coordinated Universal Time, the same everywhere. In Britain: winter time; in summer, clocks on the wall are one hour ahead of it.",
    ),
    ("Volume", "The storage of a camera, usually its memory card, or a dock's copy of it."),
)
