"""Clips that cannot be derained, or not all of them: told in one line, nothing lost in silence."""

from __future__ import annotations

import shutil
import struct
from dataclasses import replace
from pathlib import Path

import pytest

av = pytest.importorskip("av")

import derain  # noqa: E402
from derain.clips.container import probe  # noqa: E402
from derain.clips.decode import Damage, Span, read_frames  # noqa: E402
from derain.errors import DamagedClipError, InputNotFoundError, InvalidImageError  # noqa: E402
from tests.clips.made import MS, Made, frames, make, read, times  # noqa: E402

LONG = {
    "a.mkv": Made(times=times(24, 40), base=MS, options=(("g", "6"),)),
    "a.webm": Made("libvpx-vp9", times=times(24, 40), base=MS),
    "a.mp4": Made(times=times(24, 512), options=(("g", "6"),)),
    "a.mov": Made("mjpeg", "yuvj420p", times=times(24, 512)),
}


def index_first(path) -> None:
    """As files for the web are: the index of an MP4 before its packets."""
    plain = path.with_name(f"plain{path.suffix}")
    shutil.move(path, plain)
    options = {"movflags": "faststart"}
    with av.open(str(plain)) as old, av.open(str(path), "w", options=options) as new:
        places = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux():
            if packet.size:
                packet.stream = places[packet.stream_index]
                new.mux(packet)


@pytest.mark.parametrize("name", LONG)
def test_cut_at_every_twentieth(name: str, tmp_path, dry) -> None:
    whole = make(tmp_path / name, LONG[name])
    if whole.suffix in (".mp4", ".mov"):
        index_first(whole)
    data, written = whole.read_bytes(), 0
    for twentieth in range(20):
        cut = tmp_path / f"{twentieth}-{name}"
        cut.write_bytes(data[: len(data) * twentieth // 20])
        with pytest.raises((DamagedClipError, InvalidImageError)) as caught:
            dry(cut)
        told = str(caught.value)
        assert "\n" not in told
        assert str(cut) in told
        result = tmp_path / f"out-{cut.name}"
        assert result.exists() == isinstance(caught.value, DamagedClipError)
        if result.exists():
            count = len(list(frames(result)))
            # The end may lack sound alone; half a packet may take the frame before it along.
            assert written - 1 <= count <= 24
            assert f"{count} frames are in {result}" in told
            written = count
    assert written > 12


def test_a_damaged_middle(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mkv", LONG["a.mkv"])
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as clip:
        packets = [(p.pos, p.size) for p in clip.demux(video=0) if p.size]
    at, size = packets[9]
    for place in range(at + 20, at + size - 4):
        data[place] = 255 - data[place]
    source.write_bytes(data)
    with pytest.raises(DamagedClipError, match=r"damaged frames or packets \(\d"):
        dry(source)
    assert len(read(tmp_path / "out-a.mkv").times) >= 18


def test_a_part_that_an_edit_list_shows(tmp_path, dry) -> None:
    """As phones trim: more packets lie in the file than it shows, and none is missing."""
    source = make(tmp_path / "a.mp4", Made(times=times(100, 512), options=(("bf", "0"),), sound=()))
    data = bytearray(source.read_bytes())
    place = data.index(b"elst") + 12
    assert struct.unpack(">Ii", data[place : place + 8]) == (4000, 0)
    data[place : place + 8] = struct.pack(">Ii", 2000, 12800)  # 2 s from the first second on
    source.write_bytes(data)
    with av.open(str(source)) as clip:
        expected = len([frame for frame in clip.decode(video=0) if frame.pts >= 0])
    _, done, _ = dry(source)
    assert done.frames == expected == 50


def test_a_duration_of_the_clip_it_was_cut_from(tmp_path, dry) -> None:
    plain, source = make(tmp_path / "p.mkv", LONG["a.mkv"]), tmp_path / "a.mkv"
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        made = new.add_stream_from_template(old.streams.video[0])
        made.metadata["DURATION-eng"] = "00:10:00.000000000"
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = made
                new.mux(packet)
    _, done, _ = dry(source)
    assert done.frames == 24


def test_frames_before_the_damage_are_all_given(tmp_path, fast) -> None:
    """Three frames are still with a derainer that looks ahead when the clip breaks off."""
    source = make(tmp_path / "a.mp4", LONG["a.mp4"])
    index_first(source)
    source.write_bytes(source.read_bytes()[:-3000])
    damage = Damage()
    readable = len(list(read_frames(probe(source), Span(), damage)))
    assert damage.told()
    seen = []
    with pytest.raises(DamagedClipError):
        seen += (frame.shape for frame in derain.video(source, fast))
    assert len(seen) == readable > 6


def test_no_picture_in_it(tmp_path, dry) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        sound = out.add_stream("aac", rate=48000)
        out.mux(sound.encode(None))
    with av.open(str(tmp_path / "b.mkv"), "w") as out:
        from tests.clips.made import _play

        _play(out, out.add_stream("libopus", rate=48000), 0.5)
    with pytest.raises(InvalidImageError, match="no video track"):
        dry(tmp_path / "b.mkv")
    (tmp_path / "c.mp4").write_bytes(b"no clip at all" * 99)
    with pytest.raises(InvalidImageError, match="no clip"):
        dry(tmp_path / "c.mp4")
    with pytest.raises(InputNotFoundError):
        dry(tmp_path / "none.mp4")
    assert not list(tmp_path.glob("out-*"))


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused(transfer: int, word: str, tmp_path, dry) -> None:
    how = Made("libx265", "yuv420p10le", marks=(9, 9, transfer, 1),
               options=(("x265-params", "log-level=error"),))  # fmt: skip
    with pytest.raises(InvalidImageError, match=word):
        dry(make(tmp_path / "a.mp4", how))


def test_interlaced_is_refused(tmp_path, dry) -> None:
    how = Made(options=(("x264-params", "interlaced=1:tff=1"),))
    with pytest.raises(InvalidImageError, match="interlaced"):
        dry(make(tmp_path / "a.mp4", how))


@pytest.mark.parametrize("name", ["list.mp4", "list.mkv"])
def test_a_list_of_other_files(name: str, tmp_path: Path) -> None:
    """Only the file itself is opened, whatever it names."""
    make(tmp_path / "secret.mp4")
    (tmp_path / name).write_text("ffconcat version 1.0\nfile secret.mp4\n")
    with pytest.raises(InvalidImageError, match="no clip"):
        probe(tmp_path / name)


def test_a_limit_of_pixels(tmp_path: Path) -> None:
    """By what the container says, and by what the decoder finds where it says nothing."""
    for name, codec in (("a.mp4", "libx264"), ("a.ts", "libx264"), ("a.webm", "libvpx-vp9")):
        clip = make(tmp_path / name, Made(codec, size=(96, 64), sound=()))
        assert probe(clip, 96 * 64).most_pixels == 96 * 64
        with pytest.raises(InvalidImageError, match="96x64"):
            probe(clip, 96 * 64 - 1)


def test_the_decoder_keeps_a_limit(tmp_path: Path) -> None:
    """Frames that are larger than a clip's header said are never unpacked."""
    clip = make(tmp_path / "a.mkv", Made(size=(640, 480), sound=()))
    info = replace(probe(clip), most_pixels=1000)
    damage = Damage()
    assert list(read_frames(info, Span(), damage)) == []
    assert damage.told()
