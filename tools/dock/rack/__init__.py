"""Where cameras stand: serial lines, gadgets and sockets, the slots that they are, and who is let in."""
