"""The simulated lens's encoder: a scene with its overlay through libx264, set like the encoder of a camera."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from hal.interface import Overlay, Track, Unit, VideoFormat
from hal.overlay.burner import Burner
from hal.sim.aids import Aids
from hal.sim.calls import Call, Flag
from hal.sim.clock import NS, SimTime
from hal.sim.paint import Planes
from hal.sim.scene import DarkScene, Scene


def unseen(_picture: Planes, _time_ns: int) -> None:
    """Nobody looks."""


class EncodedVideo:
    """A ``VideoFeed``: each picture is drawn and encoded when it is due.

    One access unit comes out for each picture that goes in: no B-frames, no look-ahead, one slice.  Every ``gop``
    pictures there is an IDR with SPS and PPS before it.
    """

    def __init__(
        self, scene: Scene, video: VideoFormat, clock: SimTime, seen: Callable[[Planes, int], None] = unseen
    ) -> None:
        """A feed of ``scene``, its overlay's time taken from ``clock``.  ``seen`` is shown each picture, overlay and all, with its time, and
        has to return at once: it is drawn over then."""
        self._seen = seen
        self._format = video
        self._scene = scene
        self._dark: Scene | None = None
        self._clock = clock
        self._aids = Aids(video)
        self._burner = Burner(video.width, video.height)
        self._overlay = Overlay("", recording=False, clock_set=False)
        self._codec: VideoCodecContext | None = None
        self._start_ns = 0
        self._index = 0
        self._encoded = 0
        self._times: deque[int] = deque()

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._format

    def burn(self, overlay: Overlay) -> None:
        """Draw this into the pictures from now on."""
        self._overlay = overlay

    def dark(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Cover the lens, or uncover it."""
        self._dark = DarkScene(self._format) if on else None

    def faults(self) -> dict[str, Call]:
        """What can go wrong before the encoder."""
        return {"dark": Call(self.dark, {"on": Flag(default=True)})}

    def begin(self, time_ns: int) -> None:
        """Open an encoder; the first picture is taken at ``time_ns``."""
        self._codec = encoder(self._format)
        self._start_ns, self._index, self._encoded = time_ns, 0, 0
        self._times.clear()

    def due_ns(self) -> int:
        """When the next picture is to be taken."""
        return self._start_ns + self._index * NS // self._format.fps

    def take(self) -> Unit | None:
        """Take and encode the picture that is due; None where the scene has none."""
        time_ns = self.due_ns()
        self._index += 1
        picture = (self._dark or self._scene).picture(time_ns)
        if picture is None or self._codec is None:
            return None
        utc_ns = self._clock.utc_ns(time_ns)
        self._aids.draw(picture, utc_ns)
        self._burner.burn(picture.y, picture.u, picture.v, self._overlay, utc_ns)  # last: nothing lies over it
        self._seen(picture, time_ns)
        frame = av.VideoFrame.from_ndarray(picture.whole, format="yuv420p")
        frame.pts = self._encoded
        self._encoded += 1
        self._times.append(time_ns)
        for packet in self._codec.encode(frame):
            return Unit(Track.VIDEO, self._times.popleft(), bytes(packet), bool(packet.is_keyframe))
        return None

    def skip(self) -> None:
        """Take no picture where one was due."""
        self._index += 1

    def end(self) -> None:
        """Give the encoder back."""
        self._codec = None


def encoder(video: VideoFormat) -> VideoCodecContext:
    """A new encoder, opened: it needs no more than a small board can do, and keeps nothing back."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = video.width, video.height, "yuv420p"
    codec.framerate = Fraction(video.fps)
    codec.time_base = Fraction(1, video.fps)
    codec.bit_rate = video.bitrate
    codec.gop_size = video.gop
    codec.max_b_frames = 0
    codec.thread_count = 1
    kilobits = video.bitrate // 1000
    x264 = {
        "keyint": video.gop,
        "min-keyint": video.gop,
        "scenecut": 0,
        "open-gop": 0,
        "repeat-headers": 1,
        "sliced-threads": 0,
        "qpmin": 16,  # so that a dark picture is small, and not its noise at any price
        "vbv-maxrate": kilobits * 3 // 2,
        "vbv-bufsize": kilobits,
        "colorprim": "bt709",
        "transfer": "bt709",
        "colormatrix": "bt709",
        "range": "tv",
    }
    parameters = ":".join(f"{name}={value}" for name, value in x264.items())
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": parameters}
    codec.open()
    return codec
