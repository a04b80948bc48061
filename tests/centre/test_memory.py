"""A memory comes back from its bytes as it was, and from nothing else."""

from __future__ import annotations

import hashlib
import pickle
from collections import deque

import numpy as np
import pytest

from commonwatch.centre.memory import HEADER, restore, snapshot
from commonwatch.centre.own import OwnSensors
from commonwatch.centre.picture import reports_of
from commonwatch.errors import InputError
from commonwatch.fusion.system_tracks import SystemTracks
from commonwatch.identity import NationId
from commonwatch.tracking.settings import Settings
from tests.centre.build_own import NATIONS, World, content, recorded, said


def test_own_sensors_restored_in_the_middle_go_on_with_the_same_bytes() -> None:
    ticks = recorded(1, 60)
    whole = OwnSensors(World(0).radars, nation=NATIONS[0])
    cut = OwnSensors(World(0).radars, nation=NATIONS[0])
    for place, (now_ns, detections) in enumerate(ticks):
        if place in {17, 40}:
            cut = restore(snapshot(cut), OwnSensors)
        one, two = whole.step(detections, now_ns), cut.step(detections, now_ns)
        assert content(one) == content(two)
    assert len(one.estimates) > 0
    assert one.biases is not None


def test_system_tracks_restored_in_the_middle_show_the_same_picture() -> None:
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    whole, cut = SystemTracks(), SystemTracks()
    for now_ns, detections in recorded(2, 40):
        heard = reports_of(said(own.step(detections, now_ns), NATIONS[0]))
        cut = restore(snapshot(cut), SystemTracks)
        one, two = whole.step(heard, now_ns), cut.step(heard, now_ns)
        assert content(one) == content(two)
    assert len(one.estimates) == 4


def test_damage_anywhere_is_refused() -> None:
    good = snapshot({"names": deque(["a", "b"]), "numbers": np.arange(5.0)})
    rng = np.random.default_rng(1)
    for place in rng.integers(0, len(good), 50).tolist():
        bad = bytearray(good)
        bad[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(InputError, match="snapshot of a centre's memory"):
            restore(bytes(bad), dict)
    for length in (0, 3, len(HEADER), len(good) - 1):
        with pytest.raises(InputError):
            restore(good[:length], dict)
    assert restore(good, dict)["names"] == deque(["a", "b"])


class Planted:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("never",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Planted(), protocol=5),
        b"ccommonwatch.centre.memory\nhashlib\n.",
        b"\x80\x05\x8c\x19commonwatch.centre.memory\x8c\x0epickle.loads.x\x93.",
        b"\x80\x05\x8c\x19commonwatch.centre.memory\x8c\x10pickle.Unpickler\x93.",
        b"ccommonwatch.centre.memory\nrestore\n.",
        b"cos\nsystem\n.",
        b"not a pickle",
    ],
)
def test_what_names_anything_but_a_memorys_own_classes_is_refused(content: bytes) -> None:
    forged = HEADER + hashlib.sha256(content).digest() + content
    with pytest.raises(InputError, match="snapshot of a centre's memory"):
        restore(forged, object)


def test_another_kind_than_asked_for_is_refused() -> None:
    with pytest.raises(InputError, match="it holds a Settings"):
        restore(snapshot(Settings()), SystemTracks)
    assert restore(snapshot(Settings()), Settings) == Settings()


def test_what_is_held_anyway_is_left_out_and_put_back() -> None:
    key = object()  # a thing that no pickle could bring back as the same
    memory = {"nation": NationId("a"), "key": key, "again": [key]}
    stored = snapshot(memory, held={"key": key})
    other = object()
    found = restore(stored, dict, held={"key": other})
    assert found["key"] is other
    assert found["again"][0] is other
    with pytest.raises(InputError, match='leaves out "key"'):
        restore(stored, dict)


def test_messages_that_wait_come_back_as_they_were() -> None:
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    news = [own.step(detections, now_ns) for now_ns, detections in recorded(3, 20)]
    waiting = [message for each in news for message in said(each, NATIONS[0])]
    assert len(waiting) >= 4
    assert restore(snapshot(waiting), list) == waiting
