"""Machine code on disk: whatever happens to it costs time and one line, never a result.

Numba's own cache fails to start where it cannot write, or turns to a folder where old code may
lie; it fails where a file is damaged; and two processes that compile the same function for two
kinds of numbers may exchange what they store. Here each piece has a file of its own, with a
checksum, which is read when it is whole and meant for this call, and written anew otherwise.
"""

import hashlib
import multiprocessing
import os
import pickle
import sys
import uuid
import warnings
from pathlib import Path

import numba
import platformdirs
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

CHECKSUM = hashlib.sha256().digest_size
_said: list[str] = []  # what has been said already: one line is enough


def kernels_folder():
    """Where machine code is kept: in ``$NUMBA_CACHE_DIR`` if it is set, else the user's cache."""
    given = numba.config.CACHE_DIR
    root = Path(given).expanduser() if given else platformdirs.user_cache_path("synlib")
    return root / ("synlib-kernels" if given else "kernels")


def whole_content(path):
    """What is in a file of machine code, but for its checksum.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is damaged.
    """
    content = path.read_bytes()
    payload, checksum = content[:-CHECKSUM], content[-CHECKSUM:]
    if hashlib.sha256(payload).digest() != checksum:
        raise ValueError(f"{path.name} is damaged")
    return payload


class KernelCache(FunctionCache):
    """The machine code of one kernel, as Numba's dispatcher asks for it and hands it over."""

    def __init__(self, function, folder):
        self._name = repr(function)
        self._py_func = function
        self._impl = _Named(function, folder)
        self._cache_path = self._impl.locator.get_cache_path()
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _Files(Path(self._cache_path), self._impl.filename_base, stamp)
        self.enable()

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # pickle may raise anything
            _say("Compiled kernels cannot be read, and are compiled again", self.cache_path, error)
            return None

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except Exception as error:
            _say(
                "Compiled kernels cannot be kept, and each process compiles them again",
                self.cache_path,
                error,
            )


class _Named(CompileResultCacheImpl):
    """Names of files; unlike Numba's, of one folder and no other."""

    def __init__(self, function, folder):
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Place(function, folder)
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._filename_base = self.get_filename_base(name, sys.abiflags if os.name != "nt" else "")


class _Place(UserProvidedCacheLocator):
    def __init__(self, function, folder):
        self._py_file = function.__code__.co_filename
        self._lineno = function.__code__.co_firstlineno
        self._cache_path = str(folder)

    def ensure_cache_path(self):
        Path(self._cache_path).mkdir(parents=True, exist_ok=True)


class _Files:
    """One file for each call that a function was compiled for."""

    def __init__(self, folder, name, stamp):
        self.folder = folder
        self.name = name
        self.stamp = stamp

    def load(self, key):
        try:
            payload = whole_content(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        known, data = pickle.loads(payload)
        return pickle.loads(data) if known == self._meant_for(key) else None

    def save(self, key, data):
        payload = dumps((self._meant_for(key), dumps(data)))
        # in one step, so that no other process reads half a file
        scratch = self.folder / f"{self._path(key).name}.{uuid.uuid4().hex}.tmp"
        try:
            scratch.write_bytes(payload + hashlib.sha256(payload).digest())
            scratch.replace(self._path(key))
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise

    def flush(self):
        for path in self.folder.glob(f"{self.name}.*.nbc"):
            path.unlink(missing_ok=True)

    def _path(self, key):
        digest = hashlib.sha256(self._meant_for(key).encode()).hexdigest()
        return self.folder / f"{self.name}.{digest[:16]}.nbc"

    def _meant_for(self, key):
        return repr((numba.__version__, self.stamp, key))


def _say(what, folder, error):
    """Once, and not in every worker."""
    if _said or multiprocessing.current_process().name != "MainProcess":
        return
    _said.append(what)
    reason = getattr(error, "strerror", None) or error
    warnings.warn(
        f"{what}: {folder} ({reason}). `synlib cache clear kernels` empties it; the environment "
        "variable NUMBA_CACHE_DIR names another folder",
        RuntimeWarning,
        stacklevel=2,
    )
