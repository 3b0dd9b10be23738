"""What `make` does before anything else: an environment that is whole, or one line that helps."""

import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
OLD = [path for n in (2, 3) for path in PYENV.glob(f"versions/{n}.?.*/bin/python")]  # 3.9 at most


@pytest.fixture
def clone(tmp_path):
    """What is needed of a clone, and a package index with one small package."""
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "tools/make_environment.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "requirements.txt").write_text("uv==0\n")
    with zipfile.ZipFile(tmp_path / "uv-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("uv.py", "")
        wheel.writestr("uv-0.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 0\n")
        wheel.writestr("uv-0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("uv-0.dist-info/RECORD", "")
    return folder


def command(folder, python=sys.executable, chosen=True):
    python = [f"PYTHON={python}"] if chosen else []
    return ["make", "-C", str(folder), *python, "environment"]


def environment(folder, **more):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "MAKE"))}
    place = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder.parent),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return kept | place | more


def make(folder, python=sys.executable, chosen=True, **more):
    """Standard output of `make environment`, and its message if it failed."""
    result = subprocess.run(
        command(folder, python, chosen), env=environment(folder, **more),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    messages = [
        line for line in result.stderr.splitlines()
        if line.startswith("make: ") and "*** [" not in line
    ]  # fmt: skip
    assert len(messages) == (result.returncode != 0), result.stderr
    assert result.returncode in (0, 2)
    assert "Traceback" not in result.stderr
    return result.stdout, "".join(messages)


def test_an_environment_is_whole_or_made_anew(clone):
    for seconds in (0.2, 1, 2):  # at any point it may be killed
        process = subprocess.Popen(
            command(clone), env=environment(clone), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "Making .venv" in make(clone)[0]
    assert "Making" not in make(clone)[0]
    assert "Making" not in make(clone, chosen=False)[0]
    subprocess.run([clone / ".venv/bin/python", "-c", "import uv"], check=True)

    def whole(folder):
        script = runpy.run_path(str(folder / "tools" / "make_environment.py"))
        return script["is_whole"](chosen=True)

    assert whole(clone)
    moved = clone.rename(clone.with_name("moved"))
    assert not whole(moved)  # scripts name the old place
    moved.rename(clone)
    for name, spoilt in (
        ("requirements.txt", "uv==1\n"),
        ("pyproject.toml", ""),
        (".venv/ready", ""),
        (".venv/ready", (clone / ".venv/ready").read_text().replace("3.", "3.0", 1)),
    ):
        content = (clone / name).read_text()
        (clone / name).write_text(spoilt)
        assert not whole(clone), name
        (clone / name).write_text(content)
        assert whole(clone)
    (clone / ".venv/bin/python").unlink()  # as when the Python it was made by is gone
    assert not whole(clone)


@pytest.mark.skipif(not OLD, reason="no old Python here")
@pytest.mark.parametrize("python", OLD, ids=lambda path: path.parts[-3])
def test_an_old_python_is_refused_with_one_that_is_here(clone, python):
    message = make(clone, python)[1]
    assert "synlib needs Python 3.11 or newer, and this is" in message
    assert "choose another one: make PYTHON=python3." in message


def test_what_is_missing_is_named(clone, tmp_path):
    assert "there is no python3.99 here" in make(clone, "python3.99")[1]
    text = (clone / "pyproject.toml").read_text()
    (clone / "pyproject.toml").write_text(text.replace('">=3.11"', '">=3.98"'))
    assert "needs Python 3.98 or newer" in make(clone)[1]
    (clone / "pyproject.toml").write_text(text)
    (tmp_path / "ensurepip.py").write_text("raise ImportError")  # as on Debian without python3-venv
    assert "apt install python3-venv" in make(clone, PYTHONPATH=str(tmp_path))[1]
    assert not (clone / ".venv").exists()


def test_no_network_is_named(clone):
    nowhere = dict(PIP_NO_INDEX="0", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1",
                   PIP_FIND_LINKS="")  # fmt: skip
    assert "the package index cannot be reached" in make(clone, **nowhere)[1]
    assert not (clone / ".venv" / "ready").exists()


def test_a_full_disk_is_named(clone, small_disk):
    disk = small_disk("4m")
    shutil.copytree(clone, disk / "clone")
    message = make(disk / "clone", PIP_FIND_LINKS=str(clone.parent))[1]
    assert f"no room: some 1.5 GB are needed, and {disk / 'clone'} has" in message
