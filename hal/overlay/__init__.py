"""What is burnt into a frame, for every camera alike: the words, the glyphs, and the way into the planes.

Pure: frames, facts and times come in.  ``hal.sim`` burns into what it draws, ``hal.pi`` into the encoder's buffers.
"""
