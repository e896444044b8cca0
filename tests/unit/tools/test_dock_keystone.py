"""Swift behind Keystone, as clouds run it: who may is asked elsewhere, and a token does not last."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
import swiftclient

from tests import object_store
from tests.keystone import COMMANDS, DOCK, REGION, Cloud, cloud, session_of
from tests.oracles import needs
from tools.dock.places.address import open_place
from tools.dock.places.place import Place, PlaceError

pytestmark = [pytest.mark.timeout(600), needs(*COMMANDS, *object_store.COMMANDS)]
DATA = hashlib.shake_128(b"keystone").digest(200_000)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Keystone and Swift, with a container."""
    with cloud(tmp_path_factory.mktemp("cloud") / "here") as made:
        with closing(swiftclient.Connection(session=session_of(made.url, "dock", DOCK, "prison"))) as owner:
            owner.put_container("evidence")
        yield made


def sign_in(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], address: str = "swift://evidence/main"
) -> Place:
    """Open the place in this environment, and in no other."""
    for name in ("ST_AUTH", "ST_USER", "ST_KEY", "OS_REGION_NAME", "OS_CACERT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return open_place(address)


@pytest.mark.parametrize("way", ["by_password", "by_credential"])
def test_signing_in(here: Cloud, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """With a password or an application credential, what was put comes back."""
    with closing(sign_in(monkeypatch, getattr(here, way)(), f"swift://evidence/{way}?region={REGION}")) as place:
        assert place.size("a") is None
        place.put("a", io.BytesIO(DATA), len(DATA))
        assert b"".join(place.read("a")) == DATA
        assert list(place.keys("")) == ["a"]


def test_a_token_that_is_withdrawn(here: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token ends, by time or by somebody's decision: the place signs in anew, in the middle of its work."""
    with closing(sign_in(monkeypatch, here.by_password())) as place:
        place.put("b", io.BytesIO(DATA), len(DATA))
        (connection,) = place._idle.queue  # type: ignore[attr-defined]  # what no interface promises
        here.admin.delete(f"{here.url}/auth/tokens", headers={"X-Subject-Token": connection.token})
        first = connection.token
        assert place.size("b") == len(DATA)
        place.put("b", io.BytesIO(DATA[1:]), len(DATA) - 1)
        assert b"".join(place.read("b")) == DATA[1:]
        assert connection.token != first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"OS_PASSWORD": "wrong"}, "refuses these credentials"),
        (
            {"OS_APPLICATION_CREDENTIAL_ID": "none", "OS_APPLICATION_CREDENTIAL_SECRET": "wrong"},
            "does not know these credentials",
        ),
        ({"OS_PROJECT_NAME": "elsewhere"}, "refuses these credentials"),
        ({"OS_REGION_NAME": "elsewhere"}, "has no object store"),
        ({"OS_AUTH_URL": "http://127.0.0.1:1/v3"}, "cannot be reached"),
    ],
)
def test_what_does_not_let_in(here: Cloud, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], said: str) -> None:
    """A refusal is a failure in words, without the secret."""
    with (
        closing(sign_in(monkeypatch, here.by_password() | change)) as place,
        pytest.raises(PlaceError, match=said) as caught,
    ):
        place.size("a")
    assert DOCK not in str(caught.value)
    assert "wrong" not in str(caught.value)
