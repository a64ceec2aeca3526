"""Bundles: the same files give the same bytes, and what comes in a bundle stays in its folder."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.packaging.bundle import BundleError, Limits, clear_partial, digest_of, pack, unpack
from augury.packaging.project import Project, ProjectKind, read

FILES = {"predict.py": b"def predict(): ...\n", "data/weights.bin": b"\0" * 70_000, "data/b/c.txt": "ü".encode()}


def make(root: Path, files: dict[str, bytes] = FILES) -> Project:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Project(ProjectKind.FOLDER, root.resolve())


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def names(bundle: Path) -> list[str]:
    with tarfile.open(bundle) as tar:
        return tar.getnames()


def refusal(call: Callable[[], object]) -> BundleError:
    with pytest.raises(BundleError) as caught:
        call()
    return caught.value


def test_the_same_files_give_the_same_bundle_whatever_their_times_modes_and_order(tmp_path: Path) -> None:
    first = pack(make(tmp_path / "a"), tmp_path / "a.tgz")
    mask = os.umask(0o077)
    try:
        project = make(tmp_path / "b", dict(reversed(FILES.items())))
    finally:
        os.umask(mask)
    for path in (tmp_path / "b").rglob("*"):
        os.utime(path, (12345.678, 12345.678))
    (tmp_path / "b" / "__pycache__").mkdir()
    (tmp_path / "b" / "__pycache__" / "predict.cpython-311.pyc").write_bytes(b"x")
    second = pack(project, tmp_path / "b.tgz")
    assert second == first
    assert (tmp_path / "a.tgz").read_bytes() == (tmp_path / "b.tgz").read_bytes()
    assert first.digest == digest_of(tmp_path / "a.tgz")
    assert (first.size, first.files) == ((tmp_path / "a.tgz").stat().st_size, 3)


def test_a_bundle_is_the_same_in_another_process_with_another_hash_seed(tmp_path: Path) -> None:
    make(tmp_path / "a")
    program = (
        "import sys; from pathlib import Path\n"
        "from augury.packaging.bundle import pack; from augury.packaging.project import read\n"
        "print(pack(read(Path(sys.argv[1])), Path(sys.argv[2])).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "a"), str(tmp_path / f"{seed}.tgz")],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {pack(read(tmp_path / "a"), tmp_path / "here.tgz").digest}


def test_another_content_name_or_mode_gives_another_digest(tmp_path: Path) -> None:
    project = make(tmp_path / "a")
    digests = {pack(project, tmp_path / "out").digest}
    (tmp_path / "a" / "predict.py").write_text("def predict(): return 1\n")
    digests.add(pack(project, tmp_path / "out").digest)
    (tmp_path / "a" / "predict.py").chmod(0o755)
    digests.add(pack(project, tmp_path / "out").digest)
    (tmp_path / "a" / "predict.py").rename(tmp_path / "a" / "other.py")
    digests.add(pack(project, tmp_path / "out").digest)
    assert len(digests) == 4


def test_a_bundle_unpacks_to_the_same_files(tmp_path: Path) -> None:
    project = make(tmp_path / "a")
    (tmp_path / "a" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "a" / "run.sh").chmod(0o700)
    (tmp_path / "a" / "link.bin").symlink_to("data/weights.bin")
    (tmp_path / "a" / "data" / "up").symlink_to(tmp_path / "a" / "predict.py")
    first = pack(project, tmp_path / "out.tgz")
    folder = unpack(tmp_path / "out.tgz", tmp_path / "models" / "x")
    assert tree(folder) == tree(tmp_path / "a")
    assert os.readlink(folder / "link.bin") == "data/weights.bin"
    assert os.readlink(folder / "data" / "up") == "../predict.py"
    assert stat.S_IMODE((folder / "run.sh").stat().st_mode) == 0o555
    assert stat.S_IMODE((folder / "predict.py").stat().st_mode) == 0o444
    assert pack(Project(ProjectKind.FOLDER, folder), tmp_path / "again.tgz") == first
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["x"]


def test_a_single_file_is_a_bundle_of_that_file(tmp_path: Path) -> None:
    make(tmp_path, {"hello.py": b"def predict(): ...\n", "secret.txt": b"no"})
    bundle = pack(read(tmp_path / "hello.py"), tmp_path / "out.tgz")
    assert (names(tmp_path / "out.tgz"), bundle.files) == (["hello.py"], 1)
    assert read(unpack(tmp_path / "out.tgz", tmp_path / "x")).entry == "hello.py"


def test_what_is_no_part_of_a_model_is_left_out(tmp_path: Path) -> None:
    ignored = (".git/config", "__pycache__/a.pyc", "x/__pycache__/b.pyc", "c.pyc", ".venv/bin/python", ".augury/x")
    project = make(tmp_path / "a", {**FILES, **dict.fromkeys((*ignored, "node_modules/m/i.js"), b"x")})
    pack(project, tmp_path / "a" / "out.tgz")
    pack(project, tmp_path / "a" / "out.tgz")
    assert names(tmp_path / "a" / "out.tgz") == sorted(FILES)


def test_ignore_files_count_in_their_folders_and_ours_has_the_last_word(tmp_path: Path) -> None:
    files = {
        ".gitignore": b"*.bin\n/out/\nkept/\n",
        ".auguryignore": b"!*.bin\n!kept/\nnotes.md\n",
        "weights.bin": b"x",
        "kept/data.txt": b"x",
        "out/result.txt": b"x",
        "sub/out/result.txt": b"x",
        "notes.md": b"x",
        "sub/notes.md": b"x",
        "sub/.gitignore": b"/local.txt\n",
        "sub/local.txt": b"x",
        "local.txt": b"x",
    }
    pack(make(tmp_path / "a", files), tmp_path / "out.tgz")
    expected = [".gitignore", "kept/data.txt", "local.txt", "sub/.gitignore", "sub/out/result.txt", "weights.bin"]
    assert names(tmp_path / "out.tgz") == expected


def test_names_and_contents_of_every_size_survive(tmp_path: Path) -> None:
    long = "/".join(["ordner-ä" * 10] * 4)
    files = {f"{long}/x.py": b"1", "empty": b"", "a b'\"\\\n.txt": b"2", "日本": b"3", "block": b"x" * 512}
    pack(make(tmp_path / "a", files), tmp_path / "out.tgz")
    assert tree(unpack(tmp_path / "out.tgz", tmp_path / "x")) == files


def test_what_does_not_shrink_is_not_compressed_and_what_does_is(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(2_000_000)
    files = {
        "a.py": b"x = 1\n" * 200_000,
        "header-then-noise.bin": b"{}" * 100_000 + noise,
        "z.py": b"y = 2\n" * 200_000,
    }
    first = pack(make(tmp_path / "a", files), tmp_path / "out.tgz")
    assert len(noise) + 200_000 < first.size < len(noise) + 250_000
    assert tree(unpack(tmp_path / "out.tgz", tmp_path / "x")) == files
    subprocess.run(["tar", "xzf", "out.tgz", "-C", str(tmp_path / "a")], cwd=tmp_path, check=True)  # others read it too
    assert pack(make(tmp_path / "b", files), tmp_path / "out.tgz") == first


def test_a_link_that_leaves_the_model_is_refused_by_name(tmp_path: Path) -> None:
    project = make(tmp_path / "a", {**FILES, ".git/config": b"x"})
    link = tmp_path / "a" / "data" / "link"
    for target, words in [
        ("/etc/passwd", "outside the model's folder"),
        ("../../a.tgz", "which is not there"),
        ("missing", "which is not there"),
        ("link", "which is not there"),
        ("../.git/config", "which is not part of the model"),
    ]:
        link.symlink_to(target)
        error = refusal(lambda: pack(project, tmp_path / "out.tgz"))
        assert (error.file, words in error.message) == ("data/link", True), error
        link.unlink()
    assert not list(tmp_path.glob("*out*")) + list(tmp_path.glob(".partial*"))


def test_a_file_that_is_no_file_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(tmp_path / "a")
    os.mkfifo(tmp_path / "a" / "pipe")
    assert refusal(lambda: pack(project, tmp_path / "out.tgz")).file == "pipe"
    (tmp_path / "a" / "pipe").unlink()
    monkeypatch.chdir(tmp_path / "a")  # the whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("here.sock")
        assert refusal(lambda: pack(project, tmp_path / "out.tgz")).file == "here.sock"


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    project = make(tmp_path / "a")
    (Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/\xff.txt"))).write_bytes(b"x")
    error = refusal(lambda: pack(project, tmp_path / "out.tgz"))
    assert (error.file, "no UTF-8" in error.message) == ("\\udcff.txt", True)


def test_a_model_over_a_limit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    project = make(tmp_path / "a")
    error = refusal(lambda: pack(project, tmp_path / "out.tgz", Limits(file_bytes=1000)))
    assert (error.file, "70,000 bytes are over the limit of 1,000" in error.message) == ("data/weights.bin", True)
    assert (
        "over the limit of 70,001" in refusal(lambda: pack(project, tmp_path / "o", Limits(total_bytes=70_001))).message
    )
    assert "3 files" in refusal(lambda: pack(project, tmp_path / "o", Limits(files=2))).message
    assert "no file" in refusal(lambda: pack(make(tmp_path / "b", {".git/x": b""}), tmp_path / "o")).message
    assert not (tmp_path / "out.tgz").exists()


def test_packing_that_fails_leaves_the_bundle_that_was_there(tmp_path: Path) -> None:
    project = make(tmp_path / "a")
    before = pack(project, tmp_path / "out.tgz")
    (tmp_path / "a" / "bad").symlink_to("/etc")
    refusal(lambda: pack(project, tmp_path / "out.tgz"))
    assert digest_of(tmp_path / "out.tgz") == before.digest


# What others may send.


def archive(*members: tuple[tarfile.TarInfo, bytes], packed: bool = True) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in members:
            if info.isreg():
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue()) if packed else plain.getvalue()


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"x"
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, content


SYMLINK, HARDLINK = tarfile.SYMTYPE, tarfile.LNKTYPE
EVIL = {
    "up": [member("../out.txt")],
    "up-within": [member("a/../../out.txt")],
    "absolute": [member("/tmp/out.txt")],
    "empty-name": [member("")],
    "dot": [member(".", content=b"")],
    "link-up": [member("a", SYMLINK, "../secret.txt")],
    "link-absolute": [member("a", SYMLINK, "/etc/passwd")],
    "link-nowhere": [member("a", SYMLINK, "b")],
    "link-to-itself": [member("a", SYMLINK, "a")],
    "link-to-link": [member("f"), member("a", SYMLINK, "f"), member("b", SYMLINK, "a")],
    "link-through-link": [member("f"), member("d", SYMLINK, "."), member("b", SYMLINK, "d/../f")],
    "link-then-below": [member("a", SYMLINK, ".."), member("a/out.txt")],
    "below-then-link": [member("a/f.txt"), member("a", SYMLINK, "..")],
    "link-below-link": [member("f"), member("a", SYMLINK, "."), member("a/b", SYMLINK, "f")],
    "link-twice": [member("f"), member("a", SYMLINK, "f"), member("a", SYMLINK, "f")],
    "link-over-file": [member("f"), member("a"), member("a", SYMLINK, "f")],
    "file-over-link": [member("f"), member("a", SYMLINK, "f"), member("a")],
    "hard-link": [member("f"), member("a", HARDLINK, "f")],
    "hard-link-up": [member("a", HARDLINK, "../secret.txt")],
    "device": [member("a", tarfile.CHRTYPE)],
    "block-device": [member("a", tarfile.BLKTYPE)],
    "pipe": [member("a", tarfile.FIFOTYPE)],
    "unknown-kind": [member("a", b"Z")],
    "twice": [member("a"), member("a")],
    "twice-spelled": [member("a"), member("./a")],
    "file-as-folder": [member("a"), member("a/b")],
    "folder-as-file": [member("a/b"), member("a")],
    "long-part": [member("a" * 256)],
    "long-path": [member("/".join(["a" * 100] * 11))],
    "no-utf8": [member("a\udcff")],
}


@pytest.mark.parametrize("members", EVIL.values(), ids=EVIL)
def test_a_bundle_that_is_up_to_no_good_is_refused_and_leaves_nothing(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "in.tgz").write_bytes(archive(*members))
    refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "models" / "x"))
    assert list((tmp_path / "models").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tgz", "models", "secret.txt"]


def test_a_bundle_made_with_another_tar_is_taken(tmp_path: Path) -> None:
    make(tmp_path / "a")
    (tmp_path / "a" / "link").symlink_to("data/b/c.txt")
    subprocess.run(["tar", "czf", str(tmp_path / "in.tgz"), "-C", str(tmp_path / "a"), "."], check=True)
    folder = unpack(tmp_path / "in.tgz", tmp_path / "x")
    assert tree(folder) == FILES
    assert (folder / "link").read_text() == "ü"


@pytest.mark.parametrize(
    ("limits", "content"),
    [
        (Limits(files=3), archive(*(member(f"f{n}") for n in range(4)))),
        (Limits(file_bytes=10), archive(member("f", content=b"x" * 11))),
        (Limits(total_bytes=25), archive(*(member(f"f{n}", content=b"x" * 10) for n in range(3)))),
        (Limits(files=10, total_bytes=1000), archive(*(member(f"f{n}/" * 100, tarfile.DIRTYPE) for n in range(10)))),
    ],
    ids=["files", "one-file", "total", "folders"],
)
def test_a_bundle_over_a_limit_is_refused(tmp_path: Path, limits: Limits, content: bytes) -> None:
    (tmp_path / "in.tgz").write_bytes(content)
    error = refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "models" / "x", limits))
    assert "limit" in error.message or "more than" in error.message
    assert list((tmp_path / "models").iterdir()) == []


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path: Path) -> None:
    """Without unpacking it: the size in its header is enough, and what follows the archive counts too."""
    info = tarfile.TarInfo("bomb")
    info.size = 1 << 40
    header = info.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "in.tgz").write_bytes(gzip.compress(header))
    assert "over the limit" in refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "x")).message
    trailing = archive(member("a"), packed=False) + b"\0" * 40_000_000
    (tmp_path / "in.tgz").write_bytes(gzip.compress(trailing, 1))
    limits = Limits(files=10, total_bytes=1000)
    assert "over the limit" in refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "x", limits)).message


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE])
def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, 1 << 33
    (tmp_path / "in.tgz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"x" * 100_000))
    refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "x"))


def test_a_damaged_bundle_is_refused(tmp_path: Path) -> None:
    good = archive(member("a", content=os.urandom(5000)))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for content in (b"", b"no gzip", good[:-4], good[: len(good) // 2], bytes(flipped), gzip.compress(b"no tar" * 200)):
        (tmp_path / "in.tgz").write_bytes(content)
        refusal(lambda: unpack(tmp_path / "in.tgz", tmp_path / "models" / "x"))
        assert list((tmp_path / "models").iterdir()) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6),
    truncate=st.integers(0, 12_000) | st.none(),
)
def test_whatever_is_changed_in_an_archive_it_unpacks_or_is_refused(
    tmp_path: Path, edits: list[tuple[int, int]], truncate: int | None
) -> None:
    plain = bytearray(
        archive(member("ä" * 120), member("b/c", content=b"y" * 700), member("l", SYMLINK, "b/c"), packed=False)
    )
    for position, value in edits:
        plain[position] = value
    (tmp_path / "in.tgz").write_bytes(gzip.compress(bytes(plain[:truncate]), 1))
    folder = tmp_path / "models" / os.urandom(8).hex()
    try:
        unpack(tmp_path / "in.tgz", folder, Limits(files=20, total_bytes=100_000))
    except BundleError:
        assert not folder.exists()
    assert not list((tmp_path / "models").glob(".partial*"))


def test_unpacking_twice_changes_nothing(tmp_path: Path) -> None:
    pack(make(tmp_path / "a"), tmp_path / "out.tgz")
    folder = unpack(tmp_path / "out.tgz", tmp_path / "x")
    before = folder.stat().st_ino
    (tmp_path / "out.tgz").unlink()
    assert unpack(tmp_path / "out.tgz", tmp_path / "x").stat().st_ino == before


def test_what_a_killed_unpacking_left_is_cleared(tmp_path: Path) -> None:
    pack(make(tmp_path / "a"), tmp_path / "out.tgz")
    folder = unpack(tmp_path / "out.tgz", tmp_path / "models" / "x")
    (tmp_path / "models" / ".partial-12").mkdir()
    clear_partial(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == [folder]
