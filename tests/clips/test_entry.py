"""A later start: the same frames as from the beginning, without decoding all that comes before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from derain.clips import entry
from derain.clips.container import probe
from derain.clips.decode import Damage, Span, read_frames
from derain.clips.entry import find_entry
from derain.clips.promises import Promises
from tests.clips.made import FINE, MS, Made, make, times

SECONDS = 21
EVEN = tuple(range(0, SECONDS * 25 * 512, 512))
KEYS = (("g", "50"), ("bf", "3"))
SMALL = (96, 64)

CLIPS = {
    "h264": ("a.mp4", Made(times=EVEN, size=SMALL, options=KEYS)),
    "h264, open groups": (
        "a.mkv",
        Made(times=times(SECONDS * 25, 40), base=MS, size=SMALL,
             options=(*KEYS, ("x264-params", "open-gop=1"))),
    ),
    "hevc, variable": (
        "a.mp4",
        Made("libx265", times=times(SECONDS * 25, 512, 200), size=SMALL,
             options=(("x265-params", "keyint=50:open-gop=1:bframes=4:log-level=none"),)),
    ),
    "vp9": (
        "a.webm",
        Made("libvpx-vp9", times=times(SECONDS * 25, 40, 13), base=MS, size=SMALL, sound=(),
             options=(("g", "50"), ("deadline", "realtime"), ("cpu-used", "8"))),
    ),
    "late start": (
        "a.mp4",
        Made(times=tuple(t + 7 * 12800 for t in EVEN), base=FINE, size=SMALL, options=KEYS),
    ),
}  # fmt: skip
REFRESHED = (("g", "250"), ("x264-params", "intra-refresh=1:keyint=250:bframes=0"))


def frames_of(path: Path, span: Span) -> tuple[list[tuple[int, int, bytes]], int, Damage]:
    """Time, duration and pixels of each, and how many packets were read."""
    seen, damage, see = [], Damage(), Promises.see
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Promises, "see", lambda self, packet: (seen.append(1), see(self, packet))[1])
        found = list(read_frames(probe(path), span, damage))
    return [(f.pts, f.duration, f.colour.tobytes()) for f in found], len(seen), damage


def without_entry(path: Path, span: Span) -> tuple[list[tuple[int, int, bytes]], int, Damage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("derain.clips.decode.find_entry", lambda *_: None)
        return frames_of(path, span)


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("start", [12.0, 16.5])
def test_as_from_the_beginning(name: str, start: float, tmp_path: Path) -> None:
    file, how = CLIPS[name]
    path = make(tmp_path / file, how)
    for span in (Span(start, None), Span(start, start + 1)):
        expected, all_packets, whole = without_entry(path, span)
        found, packets, damage = frames_of(path, span)
        assert found == expected
        assert found
        assert packets < all_packets - (start - 5) * 20
        assert damage.told() == whole.told() == ""


@pytest.mark.parametrize(
    ("file", "how"),
    [
        ("a.ts", Made(times=EVEN, size=SMALL, options=KEYS)),
        ("a.avi", Made("mpeg4", times=EVEN, size=SMALL, sound=())),
        ("a.mkv", Made(times=times(SECONDS * 25, 40), base=MS, size=SMALL, options=REFRESHED)),
    ],
    ids=["no index", "no index that is trusted", "no key frames"],
)
def test_clips_that_are_read_from_their_beginning(file: str, how: Made, tmp_path: Path) -> None:
    path = make(tmp_path / file, how)
    span = Span(12.0, 13.0)
    expected, _, _ = without_entry(path, span)
    found, _, damage = frames_of(path, span)
    assert found == expected and len(found) == 25
    assert damage.told() == ""


def test_where_it_does_not_pay(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", CLIPS["h264"][1])
    info = probe(path)
    assert find_entry(info, None) is None
    assert find_entry(info, entry._WORTH) is None
    found = find_entry(info, 20.0)
    assert found is not None and found.origin == 0
    assert found.target == (20 - entry._EARLY) / info.time_base


def test_a_start_behind_the_end(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", CLIPS["h264"][1])
    found, _, _ = frames_of(path, Span(1000.0, None))
    assert not found


def test_a_clip_cut_off_behind_its_start_tells_it(tmp_path: Path) -> None:
    """What was promised is still looked at, as far as it can be."""
    path = make(tmp_path / "a.mkv", CLIPS["h264, open groups"][1])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.9)])
    found, _, damage = frames_of(path, Span(12.0, None))
    assert found and damage.told()
    assert not np.array_equal(found[0][2], found[-1][2])
