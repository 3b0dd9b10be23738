"""Where the repository is published, if it is."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from synlib.book import notebooks

GITHUB = ("github.com", "www.github.com", "ssh.github.com")


def address(folder=None):
    """Where the repository is on GitHub: by ``$GITHUB_REPOSITORY``, else by the remote "origin".

    Parameters
    ----------
    folder : path, optional
        Top of the repository; what lies within that of another project has no address.

    Returns
    -------
    str or None
        None if it is not on GitHub: nothing else can be launched from there.
    """
    name = os.environ.get("GITHUB_REPOSITORY")
    if name:
        return f"https://github.com/{name}"
    folder = Path(folder or notebooks.ROOT)
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or not Path(top).samefile(folder):
        return None
    return _on_github(_git(folder, "remote", "get-url", "origin"))


def _on_github(remote):
    """The page of a remote, without what only opens it: user, token, port."""
    if "://" not in remote:  # [user@]host:path
        remote = "ssh://" + remote.replace(":", "/", 1)
    try:
        parts = urlsplit(remote)
    except ValueError:  # no address at all
        return None
    path = parts.path.strip("/").removesuffix(".git")
    if parts.hostname not in GITHUB or not re.fullmatch(r"[\w.-]+/[\w.-]+", path):
        return None
    return f"https://github.com/{path}"


def _git(folder, *arguments):
    """What git answers, or nothing."""
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:  # no git
        return ""
