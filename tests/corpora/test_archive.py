"""Files of a corpus from archives, folders and single files, all read alike."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from handwrite.corpora.archive import members
from handwrite.errors import InputError

FILES = {"a/one.txt": b"1", "a/b/two.txt": b"22" * 5000, "three.txt": b""}


def unpacked(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(path: Path) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("a/", "")
            for name, content in FILES.items():
                zipped.writestr(name, content)
        return path
    mode = {".xz": "w:xz", ".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".tar": "w"}[path.suffix]
    with tarfile.open(path, mode) as archive:
        archive.addfile(directory := tarfile.TarInfo("./a"))
        directory.type = tarfile.DIRTYPE
        for name, content in FILES.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    return path


@pytest.mark.parametrize("name", ["x.tar.xz", "x.tar.gz", "x.tgz", "x.tar.bz2", "x.tar", "x.zip"])
def test_an_archive_reads_like_the_folder(tmp_path: Path, name: str) -> None:
    folder = unpacked(tmp_path / "folder")
    found = dict(members([packed(tmp_path / name)]))
    found.pop("a", None)
    assert found == FILES == dict(members([folder]))


def test_a_folder_of_archives_and_a_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    packed(tmp_path / "in" / "x.tar.gz")
    (tmp_path / "in" / "list.txt").write_bytes(b"list")
    (tmp_path / "alone.txt").write_bytes(b"alone")
    found = dict(members([tmp_path / "in", tmp_path / "alone.txt"]))
    assert {**FILES, "list.txt": b"list", "alone.txt": b"alone"}.items() <= found.items()


def test_progress_rises_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handwrite.corpora.archive.REPORT_EVERY", 1000)
    shares: list[float] = []
    list(members([unpacked(tmp_path)], progress=shares.append))
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_source_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file or folder"):
        list(members([tmp_path / "nowhere"]))


@pytest.mark.parametrize("name", ["x.tar.xz", "x.tar.gz", "x.tar.bz2", "x.tar"])
def test_an_archive_cut_off(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if name != "x.tar" else 5000])
    with pytest.raises(InputError, match=r"x\.tar.*damaged or incomplete"):
        list(members([path]))


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError, match="damaged or incomplete"):
        list(members([path]))


def test_a_zip_archive_cut_off_damaged_or_under_a_password(tmp_path: Path) -> None:
    whole = packed(tmp_path / "x.zip").read_bytes()
    cut = whole[: len(whole) // 2]
    flag = bytearray(whole)
    flag[whole.index(b"PK\x01\x02") + 8] |= 1  # "encrypted", in the directory's first entry
    local = whole.index(b"PK\x03\x04", 4)
    flag[whole.index(b"PK\x01\x02", whole.index(b"PK\x01\x02") + 4) + 8] |= 1
    flag[local + 6] |= 1
    damaged = whole.replace(b"two.txt", b"owt.txt", 1)
    for content in (cut, bytes(flag), damaged, b"<html>not found</html>"):
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(InputError, match=r"x\.zip: a damaged or incomplete archive"):
            list(members([tmp_path / "x.zip"]))
