"""The dataset file: what goes in comes out, nothing looks whole that is not, and what is no store is refused."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.core.store import (
    CHUNK,
    LEVELS,
    MAX_COORDINATE,
    MAX_INTERVAL_MS,
    MAX_JPEG_SIDE,
    SPLITS,
    Sample,
    Store,
    StoreWriter,
    no_image,
    no_ink,
)
from handwrite.errors import InputError, StoreError

WHOLE = st.integers(-20_000, 12_000)
BROKEN = st.floats(-1e4, 1e4, width=32)
PAUSES = st.integers(0, MAX_INTERVAL_MS)


@st.composite
def inks(draw: st.DrawFn) -> Ink:
    size = draw(st.integers(0, 12))
    number = draw(st.sampled_from([WHOLE, BROKEN]))
    xy = draw(st.lists(st.tuples(number, number), min_size=size, max_size=size))
    times = np.cumsum([0, *draw(st.lists(PAUSES, min_size=size, max_size=size))])[:size] / 1000
    if draw(st.booleans()):
        times = np.full(size, np.nan)
    pen_up = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), np.bool_)
    pen_up[-1:] = True
    return Ink(np.column_stack([np.reshape(xy, (-1, 2)), times]), pen_up)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
    names = {name: draw(text) for name in ("text", "source", "name", "writer", "script")}
    ink, image = draw(inks()), draw(images())
    if not len(ink) and not image.size:
        image = dots(1, 1)
    kind = {"split": draw(st.sampled_from(SPLITS)), "level": draw(st.sampled_from(LEVELS))}
    return Sample(ink, **names, **kind, image=image)


def dots(height: int, width: int, *, seed: int = 0) -> GreyImage:
    """Greys by chance."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@st.composite
def images(draw: st.DrawFn) -> GreyImage:
    """None, or one so small that it is kept as PNG, which changes nothing."""
    if draw(st.booleans()):
        return no_image()
    return dots(draw(st.integers(1, 9)), draw(st.integers(1, 9)), seed=draw(st.integers(0, 9)))


def drawing(*, height: int = 60, width: int = 900) -> GreyImage:
    """Black strokes on white, as clean as ink that was rendered."""
    image = np.full((height, width), 255, np.uint8)
    for x in range(10, width, 40):
        cv2.line(image, (x, 5), (x + 12, height - 5), (0,), 3)
    return image


def sample(ink: Ink | None = None, **changes: str) -> Sample:
    ink = Ink.from_strokes([[(0, 0, 0), (5, 5, 0.01)]]) if ink is None else ink
    named = {"text": "a", "source": "planted", "name": "1", **changes}
    return Sample(ink, **named)  # type: ignore[arg-type]


def write(path: Path, *items: Sample, licences: dict[str, str] | None = None) -> Store:
    with StoreWriter(path, licences=licences or {}) as writer:
        for item in items:
            writer.add(item)
    return Store(path)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(samples(), max_size=6))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, items: list[Sample]) -> None:
    store = write(tmp_path_factory.mktemp("store") / "x.h5", *items)
    assert len(store) == len(items)
    assert store.lengths.tolist() == [len(item.ink) for item in items]
    for before, after in zip(items, store, strict=True):
        names = ("text", "source", "name", "writer", "script", "split", "level")
        assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
        check_ink(before.ink, after.ink)
        np.testing.assert_array_equal(after.image, before.image)
    assert store.has_image.tolist() == [item.image.size > 0 for item in items]
    assert store.image_shape.tolist() == [list(item.image.shape) for item in items]


def check_ink(before: Ink, after: Ink) -> None:
    assert np.array_equal(after.pen_up, before.pen_up)
    assert np.allclose(after.points[:, 2], before.points[:, 2], atol=5e-4, equal_nan=True)
    if not len(before):
        return
    xy = before.points[:, :2]
    step = (np.ptp(xy, axis=0).max() + 1) / MAX_COORDINATE
    exact = np.array_equal(xy, np.round(xy)) and np.ptp(xy, axis=0).max() <= MAX_COORDINATE
    assert np.abs(after.points[:, :2] - xy).max() <= (0 if exact else step)


def test_a_pause_too_long_is_cut_and_rounding_does_not_add_up(tmp_path: Path) -> None:
    times = [0, 100.0, *(100 + 0.0004 * np.arange(1, 1001))]
    ink = Ink.from_strokes([[(i, 0, t) for i, t in enumerate(times)]])
    (kept,) = write(tmp_path / "x.h5", sample(ink))
    assert kept.ink.points[1, 2] == pytest.approx(MAX_INTERVAL_MS / 1000)
    assert kept.ink.duration - kept.ink.points[1, 2] == pytest.approx(0.4, abs=1e-3)


def test_many_samples_pass_through_several_flushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwrite.core.store.FLUSH_VALUES", 7)
    store = write(tmp_path / "x.h5", *(sample(Ink.from_strokes([[(i, j) for j in range(3)]])) for i in range(20)))
    assert [item.ink.points[0, 0] for item in store] == list(range(20))


def test_select_and_licences(tmp_path: Path) -> None:
    items = [sample(split=split, level=level) for split in ("train", "test") for level in ("word", "line")]
    store = write(tmp_path / "x.h5", *items, sample(source="other"), licences={"planted": "free", "unused": "?"})
    assert store.licences == {"planted": "free", "other": ""}
    assert store.select(splits=["test"], levels=["line", "character"]).tolist() == [3]
    assert store.select(sources=["other"]).tolist() == [4]
    assert store.select().tolist() == [0, 1, 2, 3, 4]


def picture(image: GreyImage, *, ink: Ink | None = None, split: str = "train") -> Sample:
    return Sample(no_ink() if ink is None else ink, "a", "planted", "1", split=split, image=image)


def test_select_by_what_a_sample_holds(tmp_path: Path) -> None:
    ink = sample().ink
    store = write(tmp_path / "x.h5", sample(), picture(dots(3, 4)), picture(dots(3, 4), ink=ink), sample(split="test"))
    assert store.select(holds="ink").tolist() == [0, 2, 3]
    assert store.select(holds="image").tolist() == [1, 2]
    assert store.select(holds="ink", splits=["train"]).tolist() == [2]


def test_a_clean_image_is_kept_exactly_and_a_noisy_one_small(tmp_path: Path) -> None:
    clean = drawing()
    noisy = np.clip(clean * 0.7 + np.random.default_rng(0).normal(40, 9, clean.shape), 0, 255).astype(np.uint8)
    path = tmp_path / "x.h5"
    kept = [item.image for item in write(path, picture(clean), picture(noisy))]
    np.testing.assert_array_equal(kept[0], clean)
    assert 0 < np.abs(kept[1].astype(int) - noisy).mean() < 2
    with h5py.File(path) as file:
        assert file["image/bytes"].size < len(cv2.imencode(".png", noisy)[1])


def test_a_picture_too_long_for_jpeg(tmp_path: Path) -> None:
    image = dots(2, MAX_JPEG_SIDE + 100)
    (kept,) = write(tmp_path / "x.h5", picture(image))
    np.testing.assert_array_equal(kept.image, image)


def test_images_are_read_at_once_or_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwrite.core.store.FLUSH_VALUES", 300)
    shapes = [(5, 7 + number) for number in range(20)]
    write(tmp_path / "x.h5", *(picture(dots(*shape)) for shape in shapes)).close()
    for store in (Store(tmp_path / "x.h5"), Store(tmp_path / "x.h5", in_memory=True)):
        assert store.image_shape.tolist() == [list(shape) for shape in shapes]
        for shape, item in zip(shapes, store, strict=True):
            np.testing.assert_array_equal(item.image, dots(*shape))


def test_a_damaged_image_is_named_and_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write(path, picture(dots(9, 9)), picture(dots(8, 8)), picture(dots(9, 9))).close()
    with h5py.File(path, "r+") as file:
        offset = file["image/offset"]
        file["image/bytes"][offset[1] : offset[2]] = 0
        file["image/shape"][2] = (9, 8)
    store = Store(path)
    assert store[0].image.shape == (9, 9)
    for index in (1, 2):
        with pytest.raises(StoreError, match=f"sample {index} cannot be read"):
            store[index]


def test_a_store_of_schema_1_is_one_without_images(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write(path, sample(text="old"), sample()).close()
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = 1
        del file["image"]
    for store in (Store(path), Store(path, in_memory=True)):
        assert [len(item.ink) for item in store] == [2, 2]
        assert store.text == ["old", "a"]
        assert not store.has_image.any()
        assert store.image_shape.tolist() == [[0, 0], [0, 0]]
        assert store[1].image.shape == (0, 0)


@pytest.mark.parametrize("image", [no_image(), np.ones((2, 2)), np.ones((2, 2, 3), np.uint8)])
def test_a_sample_needs_ink_or_a_grey_image(image: GreyImage) -> None:
    with pytest.raises(ValueError, match="sample 1: "):
        picture(image)


def test_a_store_travels_to_another_process(tmp_path: Path) -> None:
    store = write(tmp_path / "x.h5", sample(text="travels"))
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)[0].text)"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(store), capture_output=True, check=True)
    assert done.stdout.split() == [b"travels"]


def test_an_error_on_the_way_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write(path, sample(text="old")).close()

    def fail() -> None:
        with StoreWriter(path, licences={}) as writer:
            writer.add(sample(text="new"))
            raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        fail()
    assert Store(path).text == ["old"]
    assert os.listdir(tmp_path) == ["x.h5"]


def test_killed_half_way_nothing_looks_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    code = f"""
import time
import handwrite.core.store as store
from handwrite.core.ink import Ink
store.FLUSH_VALUES = 1
with store.StoreWriter({str(path)!r}, licences={{}}) as writer:
    for number in range(20):
        writer.add(store.Sample(Ink.from_strokes([[(0, 0), (1, 1)]]), "a", "planted", str(number)))
    print("half way", flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half way\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not path.exists()
    assert not os.listdir(tmp_path)
    with pytest.raises(StoreError, match="no such dataset"):
        Store(path)
    assert len(write(path, sample())) == 1


@pytest.mark.parametrize("place", ["missing/x.h5", ".", "file/x.h5"])
def test_an_unwritable_place_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write") as caught:
        write(tmp_path / place, sample())
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the system refuses a write either way."""
    code = f"""
import resource, signal, sys
from handwrite.core.ink import Ink
from handwrite.core.store import Sample, StoreWriter
from handwrite.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with StoreWriter({str(tmp_path / "x.h5")!r}, licences={{}}) as writer:
        writer.add(Sample(Ink.from_strokes([[(0, 0), (1, 1)]]), "a", "planted", "one"))
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"cannot write .*x\.h5: File too large; .*\n", done.stdout)
    assert not done.stderr
    assert not os.listdir(tmp_path)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(StoreError, match="not a dataset"):
        Store(path)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(StoreError, match="an HDF5 file, but not a dataset"):
        Store(path)


def test_another_schema_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write(path, sample()).close()
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = 99
    with pytest.raises(StoreError, match=r"schema 99, this program reads 1 and 2"):
        Store(path)


def test_a_damaged_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write(path, sample()).close()
    with h5py.File(path, "r+") as file:
        del file["ink/scale"]
    with pytest.raises(StoreError, match="damaged"):
        Store(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match="damaged"):
        Store(path)


def test_out_of_range(tmp_path: Path) -> None:
    store = write(tmp_path / "x.h5", sample())
    for index in (1, -1):
        with pytest.raises(IndexError):
            store[index]
    with pytest.raises(ValueError, match="not in the schema"):
        sample(split="trian")


def test_reading_one_sample_touches_its_own_chunk_only(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    ink = Ink.from_strokes([[(i % 1000, 0) for i in range(CHUNK)]])
    write(path, sample(ink), sample(ink), sample(ink)).close()
    with h5py.File(path) as file:
        last = file["ink/xy"].id.get_chunk_info(2)
    content = bytearray(path.read_bytes())
    content[last.byte_offset : last.byte_offset + last.size] = bytes(last.size)
    path.write_bytes(content)
    store = Store(path)
    assert store[0].ink.points[7].tolist()[:2] == [7, 0]
    with pytest.raises(StoreError, match="sample 2 cannot be read"):
        store[2]
