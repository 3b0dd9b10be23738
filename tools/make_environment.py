"""Make the environment, .venv, or see that it is whole: what `make` runs before anything else.

    python3 tools/make_environment.py [--chosen]

``--chosen`` says that this Python was asked for, so that an environment of another one is no good.

Nothing but the standard library is needed, and this file must be understood by any Python, so that
an old one gets a line that says what is wrong.
"""

from __future__ import print_function

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(FOLDER, "bin", "python")
STAMP = os.path.join(FOLDER, "ready")  # written last, and removed first
SIZE = 1.5e9  # bytes, with what is needed meanwhile

# What tools write when something is wrong that is not theirs, and what to say then.
NO_ROOM = "No space left on device|os error 28|Errno 28|Disk quota exceeded"
NO_PERMISSION = "Permission denied|Read-only file system"
NO_NETWORK = (
    "NewConnectionError|NameResolutionError|name resolution|Network is unreachable|"
    "No route to host|Connection refused|ConnectTimeout|ReadTimeout|ProxyError|dns error|"
    "client error \\(Connect\\)|Max retries exceeded|Connection broken|error sending request"
)


class Problem(Exception):
    """What is needed, in one line."""


def main():
    try:
        with open(os.path.abspath(__file__)) as lock:
            _wait_for_others(lock)
            if not is_whole("--chosen" in sys.argv[1:]):
                check_python()
                make(lock)
    except Problem as problem:
        sys.exit("make: {}".format(problem))
    except KeyboardInterrupt:
        sys.exit("make: stopped; the next `make` starts the environment anew")


def is_whole(chosen):
    """Whether .venv was finished, here, for these requirements, by a Python that still works."""
    try:
        with open(STAMP) as file:
            found = file.read()
        version = _version_inside()
    except (IOError, OSError, subprocess.CalledProcessError):
        return False
    return found == _stamp(version) and (not chosen or version == sys.version + "\n")


def check_python():
    """Raise a Problem if this Python cannot make the environment."""
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        needed = re.search(r'requires-python = ">=(\d+)\.(\d+)"', file.read()).groups()
    here = "{} ({})".format(sys.version.split()[0], sys.executable)
    if sys.version_info[:2] < tuple(int(part) for part in needed):
        raise Problem(
            "synlib needs Python {} or newer, and this is {}; choose another one: {}".format(
                ".".join(needed), here, _other_python(int(needed[1]))
            )
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Problem(
            "Python {} cannot make environments: install its module venv (Debian and Ubuntu: "
            "`apt install python3-venv`), or choose another Python: {}".format(
                here, _other_python(int(needed[1]))
            )
        )


def make(lock):
    """Make .venv from nothing; killed at any point, it is not taken for a whole one.

    Children inherit the lock: those that outlive this process are waited for by the next one.
    """
    was_there = os.path.exists(FOLDER)
    print(
        "Making .venv {}with Python {}: fetches some 250 MB".format(
            "anew " if was_there else "", sys.version.split()[0]
        )
    )
    sys.stdout.flush()
    if os.path.exists(STAMP):
        os.remove(STAMP)
    _run([sys.executable, "-m", "venv", "--clear", FOLDER], lock)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    requirements = ["--requirement", os.path.join(ROOT, "requirements.txt")]
    try:  # ten times as fast
        _run(pip + ["install", "--only-binary", ":all:", "--retries", "1", _uv()], lock)
        uv = [os.path.join(FOLDER, "bin", "uv"), "pip", "install", "--python", PYTHON]
        _run(uv + requirements, lock, dict(_settings_for_uv(pip), **os.environ))
    except Problem:
        print("Not with uv; now with pip, which takes a minute or two")
        sys.stdout.flush()
        _run(pip + ["install"] + requirements, lock)
    with open(STAMP + ".new", "w") as file:
        file.write(_stamp(_version_inside()))
    os.rename(STAMP + ".new", STAMP)


def _version_inside():
    with open(os.devnull, "w") as nowhere:
        command = [PYTHON, "-c", "import sys; print(sys.version)"]
        return subprocess.check_output(command, stderr=nowhere).decode()


def _stamp(version):
    digest = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return "{}{}\n{}\n".format(version, FOLDER, digest.hexdigest())


def _uv():
    """The version of uv that is pinned with everything else."""
    with open(os.path.join(ROOT, "requirements.txt")) as file:
        return re.search(r"^uv==[\w.]+", file.read(), re.MULTILINE).group()


def _settings_for_uv(pip):
    """Pip's settings about where packages come from, which uv does not read."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "constraint": "UV_CONSTRAINT",
        "cert": "SSL_CERT_FILE",
        "proxy": "ALL_PROXY",
        "trusted-host": "UV_INSECURE_HOST",
        "no-index": "UV_NO_INDEX",
    }
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # all indexes alike, as pip does
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):  # else every process would compile for itself
        settings["UV_COMPILE_BYTECODE"] = "1"
    listed = subprocess.check_output(pip + ["config", "list"]).decode()
    for section in ("global", "install", ":env:"):  # the later ones override
        pattern = r"^" + section + r"\.([\w-]+)='(.*)'$"
        for name, value in re.findall(pattern, listed, re.MULTILINE):
            if name in names:
                separator = "," if name == "find-links" else " "
                settings[names[name]] = separator.join(value.replace("\\n", " ").split())
    return settings


def _run(command, lock, environment=None):
    """Run a command, show where it is on a terminal, and raise a Problem if it fails."""
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=[lock.fileno()],
            universal_newlines=True,
            errors="replace",
        )
    except OSError as error:
        raise Problem("{} cannot be run: {}".format(command[0], error.strerror))
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if sys.stdout.isatty():
            print("\r" + lines[-1].strip()[:78].ljust(78), end="\r")
            sys.stdout.flush()
    if sys.stdout.isatty():
        print("\r" + " " * 78, end="\r")
    if process.wait() == 0:
        return
    output = "\n".join(lines)
    place, free = _fullest()
    if re.search(NO_ROOM, output) or free < 0.05e9:  # venv does not say why it failed
        raise Problem(
            "no room: some {:.1f} GB are needed, and {} has {:.2f} GB free".format(
                SIZE / 1e9, place, free / 1e9
            )
        )
    if re.search(NO_PERMISSION, output):
        raise Problem("may not write to {}: {}".format(FOLDER, _last(NO_PERMISSION, lines)))
    if re.search(NO_NETWORK, output):
        raise Problem(
            "the package index cannot be reached: connect to the internet, or name a mirror "
            "(PIP_INDEX_URL=...) or a proxy (HTTPS_PROXY=...)"
        )
    print("\n".join(lines[-20:]), file=sys.stderr)
    raise Problem(
        "`{}` failed, see above; if this Python is too new or too old for a package, choose "
        "another one: make PYTHON=python3.12".format(" ".join(command))
    )


def _fullest():
    """Of the places that are written to, the one with the least room, and how much that is."""
    places = (ROOT, tempfile.gettempdir(), os.path.expanduser("~"))
    free = {place: shutil.disk_usage(place).free for place in places if os.path.isdir(place)}
    return min(free.items(), key=lambda item: item[1])


def _last(pattern, lines):
    """The last line with this in it, else the last line."""
    found = [line for line in lines if re.search(pattern, line)] or lines or [""]
    return found[-1].strip()


def _other_python(oldest):
    """How to choose another Python: the newest one that is here, if there is one."""
    for minor in range(oldest + 20, oldest - 1, -1):
        name = "python3.{}".format(minor)
        try:
            with open(os.devnull, "w") as nowhere:
                if subprocess.call([name, "-c", "import ensurepip"], stderr=nowhere) == 0:
                    return "make PYTHON={}".format(name)
        except OSError:
            continue
    return "make PYTHON=python3.{} (none was found here)".format(oldest + 1)


def _wait_for_others(lock):
    """Until no other `make`, and nothing that one has left behind, is at work on .venv."""
    import fcntl

    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another `make` that is at work on .venv")
            sys.stdout.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
    except (IOError, OSError):  # a file system without locks
        pass


if __name__ == "__main__":
    main()
