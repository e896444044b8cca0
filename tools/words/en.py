"""English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "look.recording": "Recording.",
        "look.recording-trouble": "Recording, and something needs attention.",
        "look.recording-muted": "Recording, without sound: you muted it.",
        "look.recording-muted-trouble": "Recording, without sound, and something needs attention.",
        "look.starting": "The press was heard. Not recording yet.",
        "look.starting-trouble": "The press was heard. Still not recording: something is wrong.",
        "look.unable": "Not recording, and it cannot record.",
        "look.standby": "On standby: it keeps nothing from before a press. A press still records.",
        "look.offloading": "In the dock, handing over its recordings.",
        "look.docked": "In the dock.",
        "look.warning": "Not recording. Ready, and something needs attention.",
        "look.ready": "Not recording. Ready.",
        "look.dark": "Nothing is shown.",
        "look.hushed": "Recording. Your own light is off.",
        "trouble.not-enrolled": "This camera belongs to no authority.",
        "trouble.storage-full": "The storage is full: put the camera into its dock.",
        "trouble.fault": "The camera is broken: take another one.",
        "trouble.storage-fails": "The storage fails: take another camera soon.",
        "trouble.lagging": "The storage is too slow.",
        "trouble.start-late": "The recording began late, or has not begun yet.",
        "trouble.picture-fails": "The picture has gaps, or comes late.",
        "trouble.button-stuck": "A button is stuck.",
        "trouble.storage-critical": "The storage holds less than half an hour more.",
        "trouble.storage-low": "The storage holds less than an hour more.",
        "trouble.battery-critical": "The battery is almost empty.",
        "trouble.battery-low": "The battery is low.",
        "trouble.no-sound": "The microphone does not work.",
        "trouble.sound-adrift": "The sound does not keep time with the picture.",
        "trouble.sensor-fails": "A sensor that starts recordings does not work.",
        "trouble.clock-unset": "The clock is not set.",
        "cue.started": "Recording has begun.",
        "cue.reminder": "It is still recording.",
        "cue.stopped": "Recording has ended.",
        "cue.bookmark": "Marked.",
        "cue.muted": "The microphone is silenced.",
        "cue.mute-over": "The microphone listens again.",
        "cue.hushed": "Your own light and all sounds are off.",
        "cue.hush-over": "Your own light and the sounds are back.",
        "cue.standby": "On standby: nothing is kept from before a press.",
        "cue.standby-over": "The minute before a press is kept again.",
        "cue.state": "Counted in ticks: the battery, a pause, the storage.",
        "cue.stop-asked": "Press once more to stop.",
        "cue.run-on": "The stop was heard. It records a little longer.",
        "cue.docked": "The dock has recognised the camera.",
        "cue.heard": "The press was heard.",
        "cue.hold-1": "Held for one second.",
        "cue.hold-2": "Held for two seconds.",
        "cue.hold-3": "Held for three seconds.",
        "cue.storage-low": "The storage holds less than an hour more.",
        "cue.storage-critical": "The storage holds less than half an hour more.",
        "cue.refused": "The press was heard, but the camera cannot do that.",
        "cue.fault": "Something is wrong.",
    }
)
