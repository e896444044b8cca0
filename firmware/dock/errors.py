"""What can go wrong between a camera and a dock, told apart by whose fault it is."""

from __future__ import annotations


class DockError(Exception):
    """Base of everything that ends a docking."""


class LocalProtocolError(DockError):
    """This side broke the protocol: a mistake in this program.  Nothing was sent, and the state is unchanged."""


class RemoteProtocolError(DockError):
    """The peer broke the protocol; the connection cannot be used any more.

    ``code`` is what to answer in an ``Error`` message before closing.
    """

    def __init__(self, text: str, code: str = "protocol") -> None:
        """Say what the peer did."""
        super().__init__(text)
        self.code = code


class PeerRefusedError(DockError):
    """The peer, or its certificate, is not one that this side talks to; or it said the same about this side."""


class PeerError(DockError):
    """The peer gave up and said why; ``code`` is its word for it."""

    def __init__(self, code: str, text: str) -> None:
        """Keep what the peer said."""
        super().__init__(f"the peer gave up: {text} ({code})")
        self.code = code


class LinkLostError(DockError):
    """The stream below ended, fell silent, or began anew."""


class PeerStalledError(LinkLostError):
    """The stream stands, and for too long nothing came over it that this side waits for."""
