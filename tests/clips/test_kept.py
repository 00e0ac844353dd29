"""What a clip holds comes back: read by FFmpeg, before and after."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av")

from derain.clips.container import probe  # noqa: E402
from derain.clips.decode import Damage, Span, read_frames  # noqa: E402
from derain.errors import DerainError, InvalidImageError, UsageError  # noqa: E402
from tests.clips.made import FINE, MS, Made, frames, make, read, times  # noqa: E402

VFR = times(12, 512, 200)
VFR_MS = times(12, 40, 17)
CLIPS = {
    "plain.mp4": Made(),
    "vfr.mp4": Made(times=VFR),
    "vfr.mkv": Made(times=VFR_MS, base=MS),
    "vfr.webm": Made("libvpx-vp9", times=VFR_MS, base=MS),
    "vfr.mov": Made(times=VFR, base=Fraction(1, 25600)),
    "late.mkv": Made(times=tuple(400 + t for t in VFR_MS), base=MS),
    "ten.mkv": Made(
        "libx265",
        "yuv420p10le",
        times=VFR_MS,
        base=MS,
        options=(("x265-params", "log-level=error"),),
    ),
    "ten.mp4": Made(pix_fmt="yuv420p10le", marks=(9, 9, 14, 1)),
    "full.mp4": Made(marks=(1, 1, 1, 2)),
    "sd.mp4": Made(marks=(6, 6, 6, 1)),
    "turned.mp4": Made(rotation=90),
    "turned.mov": Made(rotation=180),
    "turned.mkv": Made(rotation=-90, times=VFR_MS, base=MS),
    "wide.mp4": Made(aspect=Fraction(4, 3)),
    "two.mp4": Made(sound=("eng", "jpn")),
    "two.mkv": Made(sound=("eng", "jpn"), times=VFR_MS, base=MS),
    "titles.mp4": Made(subtitles="mov_text"),
    "titles.mkv": Made(subtitles="subrip", times=VFR_MS, base=MS),
    "titles.webm": Made("libvpx-vp9", subtitles="webvtt", times=VFR_MS, base=MS),
    "chapters.mp4": Made(chapters=True),
    "chapters.mkv": Made(chapters=True, times=VFR_MS, base=MS),
    "font.mkv": Made(attachment=True, times=VFR_MS, base=MS),
    "silent.mp4": Made(sound=()),
    "silent.webm": Made("libvpx-vp9", sound=(), times=VFR_MS, base=MS),
    "one.mp4": Made(times=(0,), sound=()),
    "one.mkv": Made(times=(0,), sound=(), base=MS),
    "odd.webm": Made("libvpx-vp9", size=(95, 63), times=VFR_MS, base=MS),
    "odd.mp4": Made(pix_fmt="yuv444p", size=(95, 63)),
    "old.webm": Made("libvpx", times=VFR_MS, base=MS),
    "new.mp4": Made("libsvtav1", options=(("preset", "12"),)),
    "pro.mov": Made("prores_ks", "yuv422p10le"),
    "motion.mov": Made("mjpeg", "yuvj420p", marks=(5, 1, 1, 2)),
    "exact.mkv": Made("ffv1", "yuv420p", times=VFR_MS, base=MS),
}


@pytest.mark.parametrize("name", CLIPS)
def test_all_comes_back(name: str, tmp_path, dry) -> None:
    source = make(tmp_path / name, CLIPS[name])
    result, done, told = dry(source)
    before, after = read(source), read(result)
    assert len(before.times) == len(CLIPS[name].times) == done.frames
    assert after == before
    assert not told
    # Pixels: hardly another picture, and as stored.
    with av.open(str(source)) as a, av.open(str(result)) as b:
        for old, new in zip(a.decode(video=0), b.decode(video=0), strict=True):
            assert old.pts * old.time_base == new.pts * new.time_base
            gap = old.to_ndarray(format="rgb24").astype(int) - new.to_ndarray(format="rgb24")
            assert np.abs(gap).mean() < 3


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("b.avi", Made("libx264", times=range(30), base=Fraction(1, 25), sound=())),
        ("plain.avi", Made("mpeg4", times=range(30), base=Fraction(1, 25), sound=())),
        ("gap.avi", Made("mpeg4", times=[*range(10), *range(15, 30)], base=Fraction(1, 25),
                         sound=())),
    ],
)  # fmt: skip
def test_avi_whose_times_are_those_of_decoding(name: str, how: Made, tmp_path, dry) -> None:
    """Frames that were skipped are counted in its header, and B-frames have no time to show."""
    result, done, _ = dry(make(tmp_path / name, how), "out.mkv")
    steps = np.diff([float(t) for t in read(result).times])
    expected = np.diff(how.times) / 25
    assert done.frames == len(how.times)
    assert steps == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("before", [1, 14, 27, 28, 29])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_pause_stays_where_it_is(name: str, before: int, tmp_path, dry) -> None:
    """MP4 says how long a frame is decoded, which with B-frames is another one than is shown."""
    base = MS if name == "a.mkv" else FINE
    step = int(Fraction(1, 25) / base)
    made_at = [step * (at if at < before else at + 75) for at in range(30)]
    source = make(tmp_path / name, Made(times=made_at, base=base, sound=()))
    for result in ("b.mp4", "b.mkv"):
        made, _, _ = dry(source, result)
        assert seconds(made) == pytest.approx(4.2, abs=0.041)
    shown = list(read_frames(probe(source), Span(), Damage()))
    assert [frame.duration for frame in shown[:-1]] == list(np.diff([f.pts for f in shown]))
    start = (before - 5) / 25 if before > 5 else 0
    part, _, _ = dry(source, f"part-{name}", span=Span(start, start + 1.5))  # ends in the pause
    assert seconds(part) == pytest.approx(1.5, abs=0.041)


def seconds(path) -> float:
    with av.open(str(path)) as clip:
        return clip.duration / av.time_base


def test_a_subtitle_that_stands_when_the_part_begins(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mkv", Made(subtitles="subrip", times=times(30, 40), base=MS))
    with av.open(str(source)) as clip:
        at = [p.pts * p.time_base for p in clip.demux(subtitles=0) if p.size]
    start = float(at[0]) + 0.05
    result, _, _ = dry(source, span=Span(start, None))
    assert read(result).times[0] == 0
    with av.open(str(result)) as clip:
        first = next(p for p in clip.demux(subtitles=0) if p.size)
    assert (first.pts, first.duration) == (0, 20)  # of 0 to 100 ms, from the frame at 80 on


@pytest.mark.parametrize(
    ("name", "how", "codec", "told"),
    [
        ("raw.avi", Made("rawvideo", "uyvy422", times=range(9), base=Fraction(1, 25), sound=()),
         None, ""),
        ("full.mkv", Made("libx264", "yuv444p"), "av1", "at 4:2:0 of the clip's 4:4:4"),
        ("full.mkv", Made("libx264", "yuv444p"), "vp9", ""),
    ],
)  # fmt: skip
def test_colours_keep_their_resolution(name, how, codec, told, tmp_path, dry) -> None:
    result, done, _ = dry(make(tmp_path / name, how), "out.mkv", codec=codec)
    with av.open(str(result)) as clip:
        found = clip.streams.video[0].codec_context.pix_fmt
    assert told in " ".join(done.notes)
    assert ("4:2:0" in " ".join(done.notes)) == bool(told)
    wanted = "420" if told else "422" if "422" in how.pix_fmt else "444"
    assert wanted in found


def test_frames_that_a_codec_does_not_take(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mkv", Made("ffv1", size=(18, 6), sound=()))
    with pytest.raises(UsageError, match=r"a\.mkv: --codec hevc does not take frames of 18x6"):
        dry(source, "out.mkv", codec="hevc")
    assert not (tmp_path / "out.mkv").exists()


def test_the_check_sees_a_lost_frame(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mp4")
    fewer = make(tmp_path / "b.mp4", replace(Made(), times=Made().times[:-1]))
    assert read(source) != read(fewer)


def test_without_loss_pixels_are_the_same(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mkv", Made("ffv1", "bgr0", times=VFR_MS, base=MS))
    result, _, _ = dry(source)
    assert all(np.array_equal(a, b) for a, b in zip(frames(source), frames(result), strict=True))


@pytest.mark.parametrize("angle", [90, 180, -90])
def test_frames_are_upright_when_they_are_derained(angle: int, tmp_path, dry) -> None:
    """As FFmpeg's own filters turn them."""
    source = make(tmp_path / "a.mp4", Made(rotation=angle, size=(96, 64)))
    seen = [frame.colour for frame in read_frames(probe(source), Span(), Damage())]
    how = {90: [("transpose", "cclock")], -90: [("transpose", "clock")],
           180: [("hflip", ""), ("vflip", "")]}  # fmt: skip
    with av.open(str(source)) as clip:
        stored = next(clip.decode(video=0)).to_ndarray(format="rgb24")
    graph = av.filter.Graph()
    nodes = [graph.add_buffer(width=96, height=64, format="rgb24", time_base=MS)]
    nodes += [graph.add(name, options) if options else graph.add(name)
              for name, options in how[angle]]  # fmt: skip
    nodes.append(graph.add("buffersink"))
    graph.link_nodes(*nodes).configure()
    frame = av.VideoFrame.from_ndarray(stored, "rgb24")
    frame.pts, frame.time_base = 0, MS
    graph.push(frame)
    turned = graph.pull().to_ndarray()
    assert turned.shape == seen[0].shape
    assert np.abs(turned.astype(int) - seen[0]).mean() < 2
    shapes = set()
    result, done, _ = dry(source, derain=lambda p: (shapes.add(p.shape), p)[1])
    assert shapes == {(64, 96, 3) if angle == 180 else (96, 64, 3)}
    assert read(result).rotation == read(source).rotation
    assert (done.width, done.height) == turned.shape[1::-1]


def test_a_part(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mp4", Made(chapters=True, sound=("eng", "jpn")))
    result, done, _ = dry(source, span=Span(0.2, 0.4))
    before, after = read(source), read(result)
    kept = [t for t in before.times if Fraction(1, 5) <= t < Fraction(2, 5)]
    assert after.times == [t - kept[0] for t in kept]
    assert done.frames == len(kept) == 5
    assert [c[2] for c in after.chapters] == ["part 1"]
    for (_, old), (_, new) in zip(before.others, after.others, strict=True):
        assert new
        assert {data for _, data in new} <= {data for _, data in old}
        assert max(at for at, _ in new) < Fraction(1, 5)
    with pytest.raises(InvalidImageError, match="no frame"):
        dry(source, "b.mp4", span=Span(100, None))


def test_another_codec_and_container(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mp4", Made(subtitles="mov_text"))
    result, _, told = dry(source, "b.mkv", codec="vp9", crf=40)
    assert read(result).codec == "vp9"
    assert len(told) == 1
    assert "mov_text" in told[0]
    (kind, old), (again, new) = read(source).others[0], read(result).others[0]
    assert (kind, [data for _, data in old]) == (again, [data for _, data in new])
    with pytest.raises(UsageError, match="from 0 to 51"):
        dry(source, "c.mp4", codec="h264", crf=99)
    with pytest.raises(UsageError, match="no constant rate factor"):
        dry(source, "c.mov", codec="prores", crf=9)
    looked: list[object] = []
    with pytest.raises(UsageError, match="webm does not hold h264; give --codec"):
        dry(source, "c.webm", derain=looked.append)
    assert not looked and not list(tmp_path.glob(".c*"))


def test_odd_sides_keep_their_last_column(tmp_path, dry) -> None:
    source = make(tmp_path / "a.webm", Made("libvpx-vp9", size=(95, 63), times=VFR_MS, base=MS))
    result, done, _ = dry(source, "b.mp4", codec="h264")
    assert (done.width, done.height) == (95, 63)
    assert read(result).pix_fmt == "yuv444p"


def test_a_palette(tmp_path, dry) -> None:
    """No encoder's swscale makes one: its colours are kept without."""
    source, still = tmp_path / "a.mov", Image.fromarray(np.arange(48 * 32, dtype=np.uint8)
                                                        .reshape(32, 48)).convert("P")  # fmt: skip
    with av.open(str(source), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "pal8"
        indexed = av.VideoFrame(48, 32, "pal8")
        indexed.planes[0].update(_rows(np.asarray(still), indexed.planes[0].line_size))
        ramp = np.arange(256, dtype=np.uint32)
        indexed.planes[1].update((0xFF000000 | ramp << 16 | ramp << 8 | ramp).tobytes())
        indexed.pts = 0
        out.mux(stream.encode(indexed))
        out.mux(stream.encode(None))
    result, _, _ = dry(source)
    assert "rgba" in read(result).pix_fmt
    assert all(np.array_equal(a, b) for a, b in zip(frames(source), frames(result), strict=True))


def _rows(pixels, line: int) -> bytes:
    padded = np.zeros((len(pixels), line), np.uint8)
    padded[:, : pixels.shape[1]] = pixels
    return padded.tobytes()


def test_what_ffmpeg_refuses_names_the_clip_and_leaves_nothing(tmp_path, dry, monkeypatch) -> None:
    source = make(tmp_path / "a.mp4", Made(sound=()))

    def refuse(*_: object) -> None:
        raise av.error.PermissionError(1, "Operation not supported")

    monkeypatch.setattr("derain.clips.colour.Converter.from_rgb", refuse)
    with pytest.raises(DerainError, match=r"a\.mp4: cannot be encoded as h264 in yuv420p \(Oper"):
        dry(source, "b.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_transparency(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mov", Made("qtrle", "argb"))
    result, _, _ = dry(source)
    assert read(result).pix_fmt == "argb"
    with pytest.raises(UsageError, match="no transparency"):
        dry(source, "b.mov", codec="h264")


def test_unusual_marks_are_not_guessed(tmp_path, dry) -> None:
    source = make(tmp_path / "a.mp4", Made(marks=(2, 2, 2, 0)))
    result, _, _ = dry(source)
    assert read(result).marks[:3] == read(source).marks[:3]


def test_a_cover_picture_and_marks_of_tracks(tmp_path, dry) -> None:
    plain = make(tmp_path / "plain.mp4", Made(sound=("eng", "jpn")))
    source = tmp_path / "a.mp4"
    cover = Image.fromarray(np.full((32, 32, 3), 90, np.uint8))
    cover.save(buffer := io.BytesIO(), "PNG")
    marks = av.stream.Disposition
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        places = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        places[1].disposition, places[2].disposition = marks.default, marks.comment
        picture = new.add_mux_stream("png", width=32, height=32)
        picture.disposition = marks.attached_pic
        for packet in old.demux():
            if packet.size:
                packet.stream = places[packet.stream.index]
                new.mux(packet)
        packet = av.Packet(buffer.getvalue())
        packet.pts, packet.dts, packet.time_base, packet.stream = 0, 0, MS, picture
        new.mux(packet)
    result, _, told = dry(source)
    assert not told
    with av.open(str(source)) as old, av.open(str(result)) as new:
        before, after = old.streams, new.streams
        assert [s.type for s in before] == [s.type for s in after]
        assert [s.disposition for s in before] == [s.disposition for s in after]
        assert any(s.disposition & marks.attached_pic for s in after)
        (packet,) = (p for p in new.demux(after[3]) if p.size)
        assert bytes(packet) == buffer.getvalue()


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_cover_picture_in_another_container(name: str, tmp_path, dry) -> None:
    """Matroska has it as an attachment; as a track it would be a second clip. MOV has no place."""
    plain = make(tmp_path / f"plain-{name}", Made(sound=(), times=times(12, 40), base=MS))
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(buffer := io.BytesIO(), "JPEG")
    marks = av.stream.Disposition
    source = tmp_path / name
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        video = new.add_stream_from_template(old.streams.video[0], opaque=True)
        if name == "a.mkv":
            new.add_attachment("cover.jpg", "image/jpeg", buffer.getvalue())
        else:
            cover = new.add_mux_stream("mjpeg", width=32, height=32)
            cover.disposition = marks.attached_pic
            picture = av.Packet(buffer.getvalue())
            picture.pts, picture.dts, picture.time_base, picture.stream = 0, 0, MS, cover
            new.mux(picture)
        for packet in old.demux():
            if packet.size:
                packet.stream = video
                new.mux(packet)
    for result in ("b.mkv", "b.mp4"):
        made, _, told = dry(source, result, span=Span(0.1, None))
        assert not told
        with av.open(str(made)) as clip:
            assert [bool(s.disposition & marks.attached_pic) for s in clip.streams] == [False, True]
            (packet,) = (p for p in clip.demux(clip.streams[1]) if p.size)
            assert bytes(packet) == buffer.getvalue()
    made, _, told = dry(source, "b.mov")
    assert told == [f"{made}: mov does not hold cover picture 1 (mjpeg); left out"]


def test_transparency_that_is_not_decoded_is_told(tmp_path, dry) -> None:
    how = Made("libvpx-vp9", "yuva420p", times=VFR_MS, base=MS)
    _, _, told = dry(make(tmp_path / "a.webm", how))
    assert any("transparency" in line for line in told)
