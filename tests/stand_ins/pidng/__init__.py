"""In place of PiDNG, which builds from source: picamera2 names it for raw stills, which we do not take."""
