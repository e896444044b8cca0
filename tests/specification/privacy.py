"""What the page on privacy shows of the code: why each default, what each record of the logs tells, how long what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from firmware.core import duty, flags
from firmware.dock.protocol import TABLE, Side
from firmware.evidence import kinds, log_kinds
from firmware.runtime import lognotes
from firmware.runtime.log import PRIVATE as WITHHELD
from firmware.settings import KEYS, Settings
from tests.specification.tables import code, table
from tools.dock.rack import refusals
from tools.dock.shifts import register

NOTHING: Final = ""
"""The reason of a default that bears on nobody's privacy."""

REASONS: Mapping[str, str] = {
    "pre_event_s": "An incident begins before anybody presses, and who did what first is often the question. The half minute is held in memory alone, written over as it goes, and gone with the power; only a press (or an allowed "
    "sensor) makes evidence of it. 0 keeps none",
    "pre_event_sound": "What people say while nothing has happened is nobody's business: no sample is read into memory before the press. To switch it on needs a justification of its own",
    "post_event_s": "A recording ends when the officer ends it",
    "segment_s": NOTHING,
    "start_press": "One press, for hands that are under threat. Where recordings that nobody meant are the greater harm, two",
    "confirm_stop": "What an officer ends by accident is missing for everybody, also for who complains of them. It costs seconds",
    "max_length_min": NOTHING,
    "record_on_undock": "Nobody is recorded because a camera was taken off its rack: each recording has a press, or a sensor, that the record names",
    "record_in_dock": "A press always records; without one nothing in the staff's room does",
    "hold_s": NOTHING,
    "remind_s": "A recording that was forgotten goes on filming: the wearer feels every two minutes that it runs",
    "keep_after_receipt_h": "A dock that signs and then loses must not be the end of it. A day, encrypted, as long as there is room; 0 erases as soon as the receipt is durable",
    "profile": "No more of the picture than was chosen on purpose",
    "width": "Enough to see who did what within some metres; more makes people in the background recognisable who have nothing to do with it",
    "height": "Like `width`",
    "fps": NOTHING,
    "bitrate": NOTHING,
    "overlay_fields": "A picture that was torn from everything else still says when and by which camera it was taken. `shift` is an id, no name; it cannot be taken out of a picture again, so a prison that gives much footage to others may leave it out",
    "mute_allowed": "Who may mute chooses what is heard. Where a rule asks for silence (a visit by a lawyer) the authority may allow it; each mute is in the signed record",
    "hush_allowed": "Who is filmed is told by light and sound. Hush is for an officer in the dark whom a light endangers, and never stops the buzz",
    "hush_front": "Even then the front light, which is for those who are filmed, goes on",
    "standby_allowed": "What was not buffered cannot be had back, by nobody. Where officers wear a camera at legal visits, in worship or in toilets there is a good case to allow it: it pauses the buffer, is in the log, and a press still records",
    "bookmark_label": "One neutral word: a mark says that something happened, and judges nobody. It is encrypted like the picture",
    "reserve_mib": NOTHING,
    "queue_s": NOTHING,
    "time_root": NOTHING,
    "time_policy": NOTHING,
    "alert_alarm": "A wired alarm is an incident that somebody declared",
    "alert_holster": "A baton or spray that is drawn is a use of force, of which both sides need a record",
    "alert_fall": "A sensor that guesses would record people who did nothing",
    "alert_man_down": "The same",
    "fall_drop_mg": NOTHING,
    "fall_impact_mg": NOTHING,
    "man_down_tilt_deg": NOTHING,
    "man_down_s": NOTHING,
}
"""Why each setting has the default that it has, as far as people's privacy goes.  A new setting needs a row."""

CLEAR: Mapping[str, str] = {
    "boot": "that the camera was switched on, and why it had been off; never by whom",
    "opening": "that a recording began",
    "closing": "that it was sealed",
    "void": "that a prepared recording never began",
    "missing": "that one is not there",
    "quarantine": "that something was put aside",
    "place": "when the camera was taken out of a dock and put back: over weeks the pattern of a rack, of a person only with the register",
    "power": "charge, charger, temperature",
    "self-test": "what of the camera works",
    "dock": "which dock it met",
    "conflict": "that a dock called it a copy",
    "clock": "by how much the clock was set",
    "settings": "which settings of the authority are in force",
    "recall": "that the authority recalled or released the camera, and why",
    "update": "which firmware was offered and taken",
    "receipt": "that a dock has it",
    "erasure": "that it was erased, and against which receipt",
    "private": "that somebody did something within the ten seconds before; not who, and not what",
    "cleared": "that a dock has the log so far",
    "fault": "what does not work",
    "stop": "why the service ended",
}
"""What each line of the audit log tells of anybody.  All of them are in the clear, and signed."""

LOG_PRIVATE: Mapping[str, str] = {
    "shift": "whose shift it is, by its id",
    "press": "each gesture on the buttons",
    "trigger": "which sensor asked for a recording",
    "state": "when the wearer began and ended recordings, and how",
    "mute": "when the microphone was silenced",
    "hush": "when the wearer darkened the own light, or no longer did",
    "standby": "when the wearer paused the buffer, or no longer did",
    "refused": "a press that could not record",
    "latency": "how long the lights took to answer a press",
    "dropped": "how many records found no room",
}
"""The same of the log's private part."""

PRIVATE: Mapping[str, str] = {
    "assignment": "whose shift it is, by its id",
    "start": "what began it, and when the button went down",
    "bookmark": "moments that the wearer marked",
    "sound": "when there was sound, and whether the wearer muted it",
    "standby": "from when to when the wearer had paused the buffer that it begins with",
    "fault": "what did not work",
    "stop": "why it ended",
}
"""The same of a recording's private part."""


def settings() -> str:
    """Defaults that bear on privacy, and the names of the others."""
    _total("a setting", KEYS, REASONS)
    default = Settings()
    rows = [
        (f"`{key}`", f"`{str(getattr(default, key)).lower()}`", rule, REASONS[key])
        for key, (rule, _) in KEYS.items()
        if REASONS[key] != NOTHING
    ]
    others = [key for key in KEYS if REASONS[key] == NOTHING]
    return "\n\n".join(
        [
            table(("setting", "default", "may be", "why this default"), rows),
            f"Without bearing on anybody's privacy: {code(others)}.",
        ]
    )


def records() -> str:
    """Every kind of record, and whether it is in the clear."""
    of = (
        ("the audit log", "clear, signed", log_kinds.AUDIT_DATA, CLEAR),
        ("the audit log's private part", "encrypted", log_kinds.LOG_PRIVATE, LOG_PRIVATE),
        ("a recording's private part", "encrypted", kinds.PRIVATE, PRIVATE),
    )
    rows = []
    for where, form, known, told in of:
        _total(f"a kind of record in {where}", known, told)
        rows += [(where, f"`{kind}`", form, told[kind]) for kind in known]
    return table(("stands in", "kind", "form", "what it tells of somebody"), rows)


def withheld() -> str:
    """Facts that the service's own log never shows."""
    return f"Withheld there, whatever is logged: {code(sorted(WITHHELD))}."


def lengths() -> str:
    """How long what is kept, from the constants that decide."""
    default = Settings()
    hours = {"shift": duty.LONGEST_MS // 3_600_000, "register": register.LONGEST_MS // 3_600_000}
    rows = [
        ("the buffer before a press", f"{default.pre_event_s} s in memory (`pre_event_s`: {KEYS['pre_event_s'][0]})", "it writes over itself"),
        (
            "a recording on the camera",
            f"until a dock's receipt over exactly these bytes is durable there, then {default.keep_after_receipt_h} h (`keep_after_receipt_h`: {KEYS['keep_after_receipt_h'][0]}), less where room is needed",
            "the camera erases it and signs that",
        ),
        ("a recording that no dock has", "without end: no setting, person or fault erases it", "only a dock's receipt does"),
        ("the audit log on the camera", "until a dock has receipted it; the file that grows stays", "the camera clears it and signs that"),
        ("records of conduct before they are written", f"at most {lognotes.BATCH_NS // 1_000_000_000} s in memory", "they are encrypted and written"),
        ("a shift on the camera", f"to the next docking, at most {hours['shift']} h", "the camera removes it"),
        *((f"{flag.value}, where it is allowed", f"at most {longest // 60_000_000_000} min", "the camera ends it, and the next docking does") for flag, longest in flags.LONGEST_NS.items()),
        ("an assignment that waits at the dock", f"{hours['register']} h", "it is not handed out any more; the register keeps the line"),
        ("refusals at a dock", f"the newest {refusals.MOST}", "the oldest goes"),
        ("everything else in a store, a copy, a register", "**without end: the product deletes nothing there**", "the authority, by its own rules and tools"),
        ("exports", "without end", "whoever got them"),
    ]  # fmt: skip
    return table(("what", "how long", "what ends it"), rows)


def said() -> str:
    """What a dock may say to a camera: all of the ways in from outside that there are."""
    names = {kind.__name__ for turn, moves in TABLE.values() if turn is Side.DOCK for kind in moves}
    return f"A dock may say {code(sorted(names))}, and nothing else ([the dock protocol](dock-protocol.md), section 3)."


def _total(what: str, known: Iterable[str], told: Mapping[str, str]) -> None:
    """``ValueError`` that names what is missing or left over: nothing may be recorded of people that the page does not tell."""
    if missing := sorted(set(known) - set(told)):
        raise ValueError(
            f"{what} that docs/privacy.md does not explain: {', '.join(missing)}; tests/specification/privacy.py needs a row"
        )
    if left := sorted(set(told) - set(known)):
        raise ValueError(f"no longer {what}: {', '.join(left)}; take it out of tests/specification/privacy.py")
