"""Machine code on disk: whatever happens to it costs time and one line, never a result."""

import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numba
import numpy as np
import pytest
from click.testing import CliRunner

from synlib._kernels import kept, warm
from synlib.book import caches
from synlib.book.cli.commands import main


def double(x):
    return 2 * x


def kernel(folder):
    """A kernel as in a process that has just been started."""
    kept._said.clear()
    dispatcher = numba.njit(double)
    dispatcher._cache = kept.KernelCache(double, folder)
    return dispatcher


def use(folder):
    fresh = kernel(folder)
    return fresh(2), fresh(2.5), misses(fresh)


def misses(dispatcher):
    return sum(dispatcher.stats.cache_misses.values())


@pytest.fixture
def folder(tmp_path):
    """A folder with the kernel for two kinds of numbers."""
    fresh = kernel(tmp_path / "kernels")
    assert (fresh(2), fresh(2.5)) == (4, 5.0)
    assert misses(fresh) == 2
    return tmp_path / "kernels"


def test_is_compiled_once_for_each_kind_of_number(folder):
    assert len(list(folder.iterdir())) == 2
    assert use(folder) == (4, 5.0, 0)
    # what one process stores for one kind never takes the place of what is for the other
    assert len({path.name for path in folder.iterdir()}) == 2


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-9], lambda c: c[:20], lambda c: b"", lambda c: b"garbage" * 99, flip]
)
def test_damaged_files_cost_one_line(folder, damage):
    for path in folder.iterdir():
        path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(RuntimeWarning) as lines:
        assert use(folder) == (4, 5.0, 2)
    (line,) = lines
    assert f"Compiled kernels cannot be read, and are compiled again: {folder}" in str(line.message)
    assert "`synlib cache clear kernels` empties it" in str(line.message)
    assert use(folder) == (4, 5.0, 0)


def test_of_another_source_or_version_is_not_used(folder, monkeypatch):
    again = kernel(folder)
    again._cache._cache_file.stamp = "another"
    assert (again(2), misses(again)) == (4, 1)
    monkeypatch.setattr(numba, "__version__", "another")
    again = kernel(folder)
    assert (again(2), misses(again)) == (4, 1)
    # even under the name of the right one
    monkeypatch.setattr(kept._Files, "_path", lambda self, key: next(iter(folder.iterdir())))
    again = kernel(folder)
    assert (again(np.float32(2)), misses(again)) == (4, 1)


def check_one_line(folder, reason):
    with pytest.warns(RuntimeWarning) as lines:
        assert use(folder) == (4, 5.0, 2)
    (line,) = lines
    assert f"cannot be kept, and each process compiles them again: {folder}" in str(line.message)
    assert reason in str(line.message)
    assert "NUMBA_CACHE_DIR names another folder" in str(line.message)


def test_a_folder_that_cannot_be_made_costs_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    check_one_line(tmp_path / "file" / "kernels", "Not a directory")
    # nor is another folder used, where old code may lie
    beside = Path(__file__).parent / "__pycache__"
    assert not list(beside.glob("test_kept_kernels.double*"))


def test_a_full_disk_costs_one_line(small_disk):
    disk = small_disk("4k")
    check_one_line(disk / "kernels", "No space left on device")
    assert not [path for path in disk.rglob("*") if path.is_file()]


def test_the_folder_of_numba_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert kept.kernels_folder() == tmp_path / "synlib-kernels"


PROGRAM = """
import numba
import synlib
from synlib._kernels import compiled
def triple(x): return 3 * x
print(compiled(triple)(2))
"""


def test_nothing_stops_the_start(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    result = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert result.stdout == "6\n"
    assert result.stderr.count("Warning") == 1, result.stderr
    assert str(tmp_path / "file" / "synlib-kernels") in result.stderr


def test_no_process_starts_only_to_see_that_all_is_compiled(tmp_path, monkeypatch):
    kernels, compiled = tmp_path / warm.version(), []

    def compile_kernels(dtype):
        compiled.append(dtype)
        kernels.mkdir(exist_ok=True)
        code = dtype.encode()
        (kernels / f"{dtype}.nbc").write_bytes(code + hashlib.sha256(code).digest())

    def compiled_by_warming():
        compiled.clear()
        with joblib.parallel_config("threading"):
            warm.warm()
        return sorted(compiled)

    monkeypatch.setattr(warm, "kernels_folder", lambda: tmp_path)
    monkeypatch.setattr(warm, "compile_kernels", compile_kernels)
    assert compiled_by_warming() == ["float32", "float64"]
    assert compiled_by_warming() == []
    one = kernels / "float32.nbc"
    one.unlink()
    assert compiled_by_warming() == ["float32", "float64"]
    one.write_bytes(flip(one.read_bytes()))  # a chapter would say so, and its page with it
    assert compiled_by_warming() == ["float32", "float64"]
    assert compiled_by_warming() == []
    for mark in kernels.glob("warm.*"):
        mark.write_text("")
    assert compiled_by_warming() == ["float32", "float64"]
    monkeypatch.setattr(numba, "__version__", "another")
    assert compiled_by_warming() == ["float32", "float64"]
    assert compiled_by_warming() == []


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """What two versions have left behind, beside somebody's own files."""
    monkeypatch.setattr(caches, "kernels_folder", lambda: tmp_path / "kernels")
    monkeypatch.setattr(caches, "runs_folder", lambda: tmp_path / "runs")
    for kind in caches.KINDS:
        found = caches.kept(kind)
        assert (found.folder, found.old) == (tmp_path / kind, [])
        for folder in (found.current, tmp_path / kind / ("0" * 16), tmp_path / kind / "mine"):
            (folder / "deep").mkdir(parents=True)
            for name in ("a.nbc", "deep/output.pkl"):
                (folder / name).write_bytes(bytes(500_000))
    return tmp_path


def test_what_is_kept_is_shown_and_cleared(folders):
    def run(*arguments):
        result = CliRunner().invoke(main, ["cache", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    shown = run()
    for kind in caches.KINDS:
        assert f"{kind}: 1 (1.0 MB) in {caches.kept(kind).current}" in shown
        assert f"1 folders of other versions (1.0 MB) in {folders / kind}" in shown
    run("clear", "--old")
    assert "other versions" not in run()
    run("clear", "runs")
    assert "runs: 0 (0.0 MB)" in run()
    assert "kernels: 1 (1.0 MB)" in run()
    run("clear")
    assert "kernels: 0 (0.0 MB)" in run()
    # what is not ours stays
    for kind in caches.KINDS:
        assert [path.name for path in (folders / kind).iterdir()] == ["mine"]
        assert (folders / kind / "mine" / "a.nbc").is_file()


def test_no_warning_without_a_reason(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernel(folder)(2) == 4
