"""In place of the system's ``pykms``, for a camera without a screen: what picamera2 names when it is imported.  The ``kms`` of the package index is something else."""

from __future__ import annotations


class PixelFormat:
    """Names of formats."""

    RGB888 = BGR888 = XRGB8888 = XBGR8888 = YUV420 = YVU420 = NV12 = MJPEG = 0
