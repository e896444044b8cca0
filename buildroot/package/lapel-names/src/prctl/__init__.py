"""In place of ``python-prctl``, which builds from source: imported by an output of picamera2 that we do not use."""
