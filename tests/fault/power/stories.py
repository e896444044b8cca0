"""Short lives of a camera: what the power is cut in the middle of.  Recordings are a few flushes long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from unittest import mock

from firmware.core.flags import Turn
from firmware.core.machine import Recording
from firmware.evidence import documents, kinds
from firmware.runtime import take
from firmware.runtime.controller import Quit
from hal.interface import Button
from hal.sim.memory import MemoryStorage
from hal.sim.unsynced import digest
from tests.fault.power.world import EMPTY, Diary, World, whole
from tests.pki import Pki
from tests.rig import NONCE, NS, Rig, anchor_for, enrol, log_receipt_for, pki, receipt_for, settings_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from hal.sim.crashes import Image


@dataclass(frozen=True, slots=True)
class Story:
    """A life on a card: its name, what it begins with, and the diary of the partition that it is about; ``other`` is what the other
    partition held all the while, ``boot`` how often the camera had been switched on by then."""

    name: str
    diary: Diary
    other: Image
    boot: int
    partition: str = "evidence"


def press(rig: Rig) -> Rig:
    """The record button, down and up."""
    rig.buttons.press(Button.RECORD)
    rig.run(0.1)
    rig.buttons.release(Button.RECORD)
    return rig.run(0.1)


def stop(rig: Rig) -> Rig:
    """What the stopping gesture asks for, without its seconds."""
    rig.camera.controller.end("officer")
    rig.settle()
    return rig


def first_press(world: World) -> Story:
    """An empty card: a volume is made, a recording begins, goes over a segment's end, is marked and stopped."""
    rig, diary, _ = world.start(boot=1)
    press(press(rig.run(1.1)).run(1.9)).run(0.1)
    stop(rig).run(0.1)
    return Story("first-press", diary, world.config, 1)


def second_press(world: World) -> Story:
    """A second recording begins while the first one is being sealed; then the service ends in good order and resumes neither."""
    rig, diary, _ = world.start(boot=1)
    press(rig.run(0.4)).run(0.3)
    rig.camera.controller.end("officer")
    press(rig).run(0.3)
    stop(rig)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.settle()
    return Story("second-press", diary, world.config, 1)


def roll_over(world: World) -> Story:
    """A recording is as long as one may be, goes on in another one, and that one is stopped; a press right behind it reaches back over both."""
    short = World(world.values | {"max_length_min": 1})
    with mock.patch.object(take, "MINUTE_NS", 2 * NS):
        rig, diary, _ = short.start(boot=1)
        press(rig.run(1.1)).run(2.6)
        stop(rig).run(0.1)
        stop(press(rig).run(0.2))
    return Story("roll-over", diary, short.config, 1)


def post_event(world: World) -> Story:
    """A stop is meant, and what follows it is recorded too; a press goes on with it; a second stop runs out, and it is sealed."""
    longer = World(world.values | {"post_event_s": 2})
    rig, diary, _ = longer.start(boot=1)
    press(rig.run(0.4)).run(0.2)
    mean_stop(rig).run(0.7)
    states = [rig.state, press(rig).run(0.2).state, mean_stop(rig).run(2.2).state]
    assert states == [Recording.POST_EVENT, Recording.RECORDING, Recording.IDLE]
    return Story("post-event", diary, longer.config, 1)


def battery_end(world: World) -> Story:
    """The last reserve of a battery: the recording is sealed, the log closed, and the next start goes on."""
    rig, diary, _ = world.start(boot=1)
    press(rig.run(0.4)).run(0.6)
    rig.camera.inbox.put(Quit("battery", off=True))
    rig.settle()
    assert rig.stopped
    return Story("battery-end", diary, world.config, 1)


def standby_press(world: World) -> Story:
    """Somebody had paused the buffer, and presses: it records from the next keyframe."""
    allowed = World(world.values | {"standby_allowed": True})
    rig, diary, _ = allowed.start(boot=1)
    rig.run(0.6).camera.controller.turn(Turn.STANDBY, rig.clock.monotonic_ns())
    press(rig.run(0.4)).run(1.3)
    assert rig.state is Recording.RECORDING
    stop(rig.run(0.3))
    return Story("standby-press", diary, allowed.config, 1)


def self_test(world: World) -> Story:
    """The camera tries its storage, and a press comes before it is done; then it tries once more, and is ended."""
    rig, diary, _ = world.start(boot=1)
    test = rig.run(0.4).camera.controller.selftest
    test.wanted = True
    test.begin("boot")
    rig.camera.writer.step()
    press(rig).run(0.3)
    stop(rig).run(2.2)
    test.begin("boot")
    rig.run(2.2)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.settle()
    return Story("self-test", diary, world.config, 1)


def mean_stop(rig: Rig) -> Rig:
    """An officer's stop, which the authority has something follow."""
    rig.camera.controller.stop(rig.clock.monotonic_ns())
    rig.settle()
    return rig


def cut_off(world: World) -> Image:
    """A card whose recording was cut off in the middle."""
    rig, diary, _ = world.start(boot=1)
    press(rig.run(1.1)).run(0.7)
    return diary.survival(len(diary.operations)).nothing()


def resumption(world: World) -> Story:
    """A cut-off recording is recovered and resumed; the new one is stopped."""
    card = cut_off(world)
    rig, diary, _ = world.start(card, boot=2)
    stop(rig.run(0.8)).run(0.1)
    return Story("resumption", diary, world.config, 2)


def handover(world: World) -> Story:
    """A dock takes over two recordings, countersigns the log, and both are erased while a third is made."""
    rig, diary, _ = world.start(boot=1)
    for _ in range(2):
        stop(press(rig.run(0.4)).run(0.2))
    card = diary.survival(len(diary.operations)).nothing()
    rig, diary, _ = world.start(card, boot=2)
    shelf = rig.camera.shelf
    press(rig.run(0.4))
    for number in (1, 2):
        shelf.receipt(number, receipt_for(rig, number), NONCE)
        diary.say("receipted", number)
        rig.camera.writer.sweep()
        rig.run(0.2)
    shelf.anchor(anchor_for(rig), NONCE)
    stop(rig.run(0.3))
    return Story("handover", diary, world.config, 2)


def signed_again(world: World) -> Story:
    """A camera whose manifests are signed twice: one that was cut off is recovered and handed over, another one is sealed."""
    storage = MemoryStorage()
    enrol(storage, world.values, again=True)
    config = whole(storage)
    rig, diary, _ = world.start(config=config, boot=1)
    press(rig.run(0.4)).run(0.2)
    card = diary.survival(len(diary.operations)).nothing()
    rig, diary, _ = world.start(card, config, boot=2)
    stop(rig.run(0.4))
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    diary.say("receipted", 1)
    rig.camera.writer.sweep()
    rig.run(0.1)
    return Story("signed-again", diary, config, 2)


def log_handover(world: World) -> Story:
    """A dock takes over the log of a boot that ended in good order: its receipt becomes durable, its files go, and a recording follows."""
    rig, diary, _ = world.start(boot=1)
    stop(press(rig.run(0.4)).run(0.2))
    rig.camera.inbox.put(Quit("shutdown"))
    rig.settle()
    card = diary.survival(len(diary.operations)).nothing()
    rig, diary, _ = world.start(card, boot=2)
    rig.camera.shelf.log_receipt(log_receipt_for(rig), NONCE)
    rig.camera.writer.sweep()
    rig.run(0.2)
    stop(press(rig).run(0.3))
    return Story("log-handover", diary, world.config, 2)


def strangers(world: World) -> Story:
    """On the card: a cut-off recording, what the log does not know, an opening that is void, and a half-erased recording."""
    rig, diary, _ = world.start(boot=1)
    stop(press(rig.run(0.4)).run(0.2))
    press(rig.run(0.2)).run(0.3)
    root = rig.evidence.root()
    recordings = root.enter("recordings")
    odd = recordings.enter("00000007", create=True)
    file = odd.create("journal.jwsl")
    file.append(b"nobody knows\n")
    file.sync()
    odd.sync()
    recordings.rename("00000001", "00000001", root.enter("erasing"))
    root.enter("erasing").sync()
    recordings.sync()
    vault = rig.camera.vault
    for line in (("receipt", {"number": 1, "receipt": "a" * 64}), ("erasure", {"number": 1, "receipt": "a" * 64})):
        vault.volume.audit.write(*line)
    vault.prepare()
    vault.volume.audit.write("opening", {"number": 3, "opening": "b" * 64})
    card = diary.survival(len(diary.operations)).nothing()
    rig, diary, _ = world.start(card, boot=2)
    stop(rig.run(0.6))
    return Story("strangers", diary, world.config, 2)


def another_camera(world: World) -> Story:
    """The card holds another camera's volume: it is put away, and a new one begins."""
    rig, diary, _ = world.start(boot=1)
    stop(press(rig.run(0.4)).run(0.2))
    card = diary.survival(len(diary.operations)).nothing()
    card = with_file(card, "volume.jws", b"{}\n")
    rig, diary, _ = world.start(card, boot=2)
    stop(press(rig.run(0.4)).run(0.2))
    return Story("another-camera", diary, world.config, 2)


def with_file(image: Image, name: str, data: bytes) -> Image:
    """The image with other bytes in a file of its top directory."""
    number = image.find(name)
    assert number is not None
    return replace(image, files={**image.files, number: data}, digests={**image.digests, number: digest(data)})


def settings(world: World) -> Story:
    """On the small partition: newer settings of the authority, and an assignment."""
    rig, _, diary = world.start(boot=1)
    rig.run(0.2)
    custody = rig.camera.vault.custody
    for serial in (2, 3):
        custody.settings(settings_line(world.values, serial=serial))
        diary.say("serial", serial)
    for shift in ("early", "late"):
        custody.assign(assignment_line(pki(), shift))
        diary.say("shift", 0, shift)
    return Story("settings", diary, EMPTY, 1, "config")


def assignment_line(authority: Pki, shift: str) -> bytes:
    """A dock's assignment."""
    payload = {"device": "cam-1", "shift": shift, "utc_ms": 1_790_000_000_000}
    return documents.sign(kinds.ASSIGNMENT, payload, authority.dock.sign, authority.dock.chain.ders)


STORIES: tuple[Callable[[World], Story], ...] = (
    first_press,
    second_press,
    post_event,
    battery_end,
    standby_press,
    self_test,
    roll_over,
    resumption,
    handover,
    log_handover,
    signed_again,
    strangers,
    another_camera,
    settings,
)
