"""A desktop camera: every part of the hardware abstraction layer, simulated with real encoded picture and sound.

``hal.sim.build`` puts it together, ``hal.sim.control`` says how it is handled from outside.  Only the lens and the
microphone need PyAV and numpy.
"""
