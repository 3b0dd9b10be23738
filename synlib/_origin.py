"""Where code comes from: this library, Python, what is installed, or the user."""

import site
import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent
# what only shows, judges or publishes: another colour is no reason to run everything again
FRONT_END = PACKAGE / "book"


def is_installed(name):
    """Whether a module is of this library, of Python or installed: the rest is the user's."""
    module = sys.modules.get(name)
    # what is defined at a prompt or in a worker is of the main module, whatever its file
    if name == "__main__" or module is None:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return name.partition(".")[0] in sys.stdlib_module_names or name == "builtins"
    return bool(origin(file))


@cache
def origin(filename):
    """ "synlib" or "installed", by where a file is; an empty text if it is the user's."""
    if filename.startswith("<frozen "):
        return "installed"
    path = Path(filename)
    if path.is_relative_to(PACKAGE):
        return "" if path.is_relative_to(FRONT_END) else "synlib"
    return "installed" if any(path.is_relative_to(folder) for folder in _installed()) else ""


@cache
def _installed():
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = [*map(sysconfig.get_paths().get, names), *site.getsitepackages()]
    return {Path(path) for path in [*paths, site.getusersitepackages()] if path}


@cache
def release(module):
    """The version of what a module belongs to."""
    top = module.partition(".")[0]
    if top == "synlib":  # its code counts, see `sweep`
        return ""
    if top in sys.stdlib_module_names or top == "builtins":
        return sys.implementation.cache_tag
    try:
        return metadata.version(top)
    except (metadata.PackageNotFoundError, ValueError):
        return str(getattr(sys.modules.get(top), "__version__", ""))
