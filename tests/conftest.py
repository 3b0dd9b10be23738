"""Shared by all tests."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# the same cases every time the same modules are imported, from which Hypothesis takes constants: a
# red run can be repeated with the same files; no deadline, since the first case may have to compile
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# what is started in the background of a script ignores Ctrl-C, and so would all that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)

DRAW = "SYNLIB_DRAW"  # which stored runs are repeated
# in notebooks nobody looks at: a figure takes long, and twice as long if its margins are cut off
FIGURES = "c.InlineBackend.print_figure_kwargs = {'bbox_inches': None, 'dpi': 50}"


def pytest_configure(config):
    # workers have it from here, and all draw the same
    os.environ.setdefault(DRAW, str(int.from_bytes(os.urandom(4))))
    folder = tempfile.TemporaryDirectory(prefix="ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["IPYTHONDIR"] = folder.name
    settings_file = Path(folder.name, "profile_default", "ipython_kernel_config.py")
    settings_file.parent.mkdir()
    settings_file.write_text(FIGURES)


def pytest_report_header():
    return f"stored runs that are repeated are drawn with {DRAW}={os.environ[DRAW]}"


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts an empty file system of a given size, such as "64k"."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = []

    def mount(size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small file system here")
        mounted.append(disk)
        return disk

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)
