"""The stand-in for libcamera, on which the lens is tried on every run (tests/stand_ins), before the real library: nothing that it offers is
made up, and what both can do comes out alike."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import libcamera
import pytest

SOURCE = Path("tests/stand_ins/libcamera/__init__.py")
FOR_TESTS = {
    "Camera.await_queued",
    "Camera.configured",
    "Camera.frame",
    "Camera.started",
    "Camera.turns",
    "CameraManager.complete",
}
"""What makes pictures in the stand-in, and is no part of the library."""


def stand_in() -> ModuleType:
    """The stand-in, under a name of its own."""
    spec = importlib.util.spec_from_file_location("stand_in", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


OURS = stand_in()
BOTH = pytest.mark.parametrize("library", [pytest.param(libcamera, id="real"), pytest.param(OURS, id="stand-in")])


def offered(tree: ast.AST, path: str = "") -> Iterator[str]:
    """The names of all classes, methods and attributes, those too that a constructor sets; not what is private."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.ClassDef(name=name):
                yield f"{path}{name}"
                yield from offered(node, f"{path}{name}.")
            case ast.FunctionDef(name=name) if path:
                yield f"{path}{name}"
                yield from (f"{path}{each}" for each in _set(node))
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (f"{path}{each.id}" for each in targets if isinstance(each, ast.Name))


def _set(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


NAMES = sorted(
    {
        name
        for name in offered(ast.parse(SOURCE.read_text(encoding="utf-8")))
        if not any(part.startswith("_") for part in name.split(".")) and name not in FOR_TESTS | {"STRIDE"}
    }
)


def test_the_stand_in_was_read() -> None:
    """What is compared is what it has."""
    assert {"Camera.acquire", "FrameBuffer.Plane.fd", "StreamConfiguration.stride", "controls.SensorTimestamp"} <= set(
        NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_library_has_it_too(name: str) -> None:
    """Each name, where it is."""
    found: Any = libcamera
    for part in name.split("."):
        assert part in dir(found), f"{name}: the library has no {part} there"
        found = getattr(found, part)


ENUMERATIONS = [
    "CameraConfiguration.Status",
    "ColorSpace.Primaries",
    "ColorSpace.Range",
    "ColorSpace.TransferFunction",
    "ColorSpace.YcbcrEncoding",
    "ControlType",
    "FrameMetadata.Status",
    "Orientation",
    "Request.Status",
    "StreamRole",
    "controls.draft.NoiseReductionModeEnum",
]


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_values_are_the_librarys(name: str) -> None:
    """A value stands for the same in both."""
    real, ours = libcamera, OURS
    for part in name.split("."):
        real, ours = getattr(real, part), getattr(ours, part)
    told = {member.name: member.value for member in ours}  # type: ignore[attr-defined] # an enumeration
    assert {key: int(getattr(real, key)) for key in told} == told


@BOTH
@pytest.mark.parametrize("name", ["Sycc", "Smpte170m", "Rec709"])
def test_colour_spaces_are_the_librarys(library: ModuleType, name: str) -> None:
    """What picamera2 asks for by name, and copies."""
    space = library.ColorSpace(getattr(library.ColorSpace, name)())
    ours = getattr(OURS.ColorSpace, name)()
    fields = ("primaries", "transferFunction", "ycbcrEncoding", "range")
    assert [getattr(space, each).name for each in fields] == [getattr(ours, each).name for each in fields]


@BOTH
def test_transforms_are_made_alike(library: ModuleType) -> None:
    """By keyword, with numbers or truth, or from another."""
    turned = library.Transform(library.Transform(hflip=1, vflip=True))
    assert (turned.hflip, turned.vflip, turned.transpose) == (True, True, False)


@BOTH
def test_sizes_and_formats_are_made_alike(library: ModuleType) -> None:
    """And a format is told from another by its name."""
    size, box = library.Size(320, 180), library.Rectangle(1, 2, 3, 4)
    assert (size.width, size.height) == (320, 180)
    assert (box.x, box.y, box.width, box.height) == (1, 2, 3, 4)
    assert str(library.PixelFormat("YUV420")) == "YUV420"
    assert library.PixelFormat("YUV420") == library.PixelFormat("YUV420") != library.PixelFormat("NV12")


def real_camera() -> Any:
    """The virtual one."""
    return libcamera.CameraManager.singleton().cameras[0]


CAMERAS = pytest.mark.parametrize(
    ("library", "make"),
    [pytest.param(libcamera, real_camera, id="real"), pytest.param(OURS, lambda: OURS.Camera(1920), id="stand-in")],
)


@CAMERAS
def test_a_camera_is_taken_once(library: ModuleType, make: Callable[[], Any]) -> None:
    """The second time is refused, in the library's words; given back, it can be taken again."""
    camera = make()
    camera.acquire()
    with pytest.raises(RuntimeError, match="^Failed to acquire camera: Device or resource busy$"):
        camera.acquire()
    camera.release()
    camera.acquire()
    camera.release()


@CAMERAS
def test_what_is_too_wide_is_adjusted(library: ModuleType, make: Callable[[], Any]) -> None:
    """Not refused: whoever asked has to look."""
    configuration = make().generate_configuration([library.StreamRole.VideoRecording])
    stream = configuration.at(0)
    assert [each.size.width for each in configuration] == [stream.size.width]
    stream.size, stream.pixel_format = library.Size(4096, 1080), library.PixelFormat("NV12")
    assert configuration.validate() == library.CameraConfiguration.Status.Adjusted
    assert (stream.size.width, stream.size.height) == (1920, 1080)
    assert configuration.validate() == library.CameraConfiguration.Status.Valid
    assert stream.stride >= 1920
    assert stream.frame_size == stream.stride * 1080 * 3 // 2
    assert configuration.orientation == library.Orientation.Rotate0
    assert configuration.sensor_config is None


@CAMERAS
def test_a_request_is_made_alike(library: ModuleType, make: Callable[[], Any]) -> None:
    """With its cookie, nothing in it, and nothing done."""
    camera = make()
    camera.acquire()
    configuration = camera.generate_configuration([library.StreamRole.VideoRecording])
    configuration.validate()
    assert not camera.configure(configuration)
    request = camera.create_request(7)
    assert (request.cookie, request.status) == (7, library.Request.Status.Pending)
    assert (dict(request.buffers), dict(request.metadata)) == ({}, {})
    camera.release()


@BOTH
def test_controls_are_keys(library: ModuleType) -> None:
    """By which what a camera can do, is and says of a frame is asked for."""
    wanted = library.controls.FrameDurationLimits
    assert {library.controls.FrameDurationLimits: 1}[wanted] == 1
    assert (wanted.name, wanted.type) == ("FrameDurationLimits", library.ControlType.Integer64)
