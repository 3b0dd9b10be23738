"""MNIST and Fashion-MNIST: bundled, found, imported or fetched, and always checked.

All in one module, since what is found, imported or fetched goes through the same checks and ends in
the same folder.
"""

import hashlib
import math
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import platformdirs

from synlib._idx import (
    FILES,
    format_idx,
    idx_files,
    name_missing,
    ndim_of,
    parse_idx,
    unpack,
    write_idx,
)
from synlib._validation import check_choice
from synlib.datasets import assemble, load_idx


@dataclass(frozen=True)
class Archive:
    """A data set that is too large to be bundled.

    ``checksums`` are the SHA-256 sums of what is in the four files, gzipped or not, by name.
    """

    name: str
    folder: str
    openml_id: int
    n_train: int
    checksums: dict[str, str]


MNIST = Archive(
    "MNIST",
    "mnist",
    554,
    60_000,
    {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
)
FASHION_MNIST = Archive(
    "Fashion-MNIST",
    "fashion-mnist",
    40996,
    60_000,
    {
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
)
ARCHIVES = (MNIST, FASHION_MNIST)


class DataUnavailable(RuntimeError):
    """A data set is not on this computer, cannot be fetched, or is not what it should be."""


def load_mnist(which="subset"):
    """Handwritten digits, 28 x 28 pixels, ten classes.

    Parameters
    ----------
    which : {"subset", "full"}
        The bundled 6,000 training and 1,000 test images (600 and 100 of each digit), or all
        70,000: those in ``$SYNLIB_DATA``, else in the user's cache folder, else fetched from
        OpenML.

    Returns
    -------
    Dataset

    Raises
    ------
    DataUnavailable
        If all images are asked for and cannot be had; the message says how to get them.

    Examples
    --------
    >>> mnist = load_mnist()
    >>> mnist.X_train.shape, mnist.X_test.shape
    ((6000, 784), (1000, 784))
    """
    check_choice("which", which, ("subset", "full"))
    if which == "full":
        return load(MNIST)
    with resources.as_file(resources.files("synlib") / "data" / "mnist") as folder:
        return load_idx(folder, name="MNIST subset")


def load_fashion_mnist():
    """Articles of clothing, 28 x 28 pixels, ten classes, 70,000 images; found like MNIST.

    Returns
    -------
    Dataset

    Raises
    ------
    DataUnavailable
        If the images cannot be had; the message says how to get them.
    """
    return load(FASHION_MNIST)


def load(archive):
    """Load an archive from where it is found first, or fetch it; never anything else instead."""
    folder = find(archive)
    return fetch(archive) if folder is None else _load_checked(archive, folder)


def find(archive):
    """Folder with the four files of an archive, or None."""
    for folder in search_path(archive):
        if all(_files(folder, stem) for stem in FILES.values()) and not _is_another(
            archive, folder
        ):
            return folder
    return None


def search_path(archive):
    """Folders in which an archive is looked for, the first one first."""
    given = os.environ.get("SYNLIB_DATA")
    folder = Path(given).expanduser() if given else None
    folders = [folder / archive.folder, folder] if folder else []
    return [*folders, cache_folder() / archive.folder]


def cache_folder():
    """Where imported and fetched data are kept."""
    return platformdirs.user_cache_path("synlib") / "data"


def import_folder(source):
    """Check the files in a folder and copy them to where they will be found.

    What was there, or a link that was there, is replaced; what a link leads to is left alone.

    Parameters
    ----------
    source : path
        Holds the four files of MNIST or Fashion-MNIST, gzipped or not.

    Returns
    -------
    archive : Archive
        What it was.
    target : Path
        Where it is now.

    Raises
    ------
    DataUnavailable
        If files are missing, not those of a known data set, or cannot be copied. Nothing
        half-copied stays behind.
    """
    source = Path(source).expanduser()
    for stem in FILES.values():
        if not _files(source, stem):
            raise DataUnavailable(
                f"{name_missing(source, stem)}. It must hold all four: {', '.join(FILES.values())}"
            )
    problems = {}
    for archive in ARCHIVES:
        try:
            paths = [_read_checked(archive, source, stem)[0] for stem in FILES.values()]
        except DataUnavailable as error:
            problems[archive.name] = error
        else:
            return archive, _put(
                cache_folder() / archive.folder,
                lambda folder, paths=paths: [shutil.copy(path, folder) for path in paths],
            )
    raise DataUnavailable(
        f"{source} holds none of the known data sets. "
        + " ".join(f"Not {name}: {error}." for name, error in problems.items())
    )


def fetch(archive):
    """Fetch an archive from OpenML, check it, and keep it as four IDX files.

    Returns
    -------
    Dataset

    Raises
    ------
    DataUnavailable
        If there is no way to OpenML, or what came is not what it should be.
    """
    # imported here, since it takes long and is needed once
    from sklearn.datasets import fetch_openml

    try:
        # a download that was cut short must not be found by the next attempt
        with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about retries: the last failure is reported below
            bunch = fetch_openml(
                data_id=archive.openml_id,
                as_frame=False,
                # slower than the pandas parser, which fails on whole-number classes with pandas 3
                parser="liac-arff",
                data_home=scratch,
                n_retries=1,
                delay=0.5,
            )
    except Exception as error:  # whatever goes wrong on the way, the user needs the same advice
        raise DataUnavailable(_advice(archive, error)) from error
    arrays = _arrays(archive, bunch)

    def write(folder):
        for key, stem in FILES.items():
            write_idx(folder / f"{stem}.gz", arrays[key])

    try:
        folder = _put(cache_folder() / archive.folder, write)
    except DataUnavailable as error:
        warnings.warn(f"{archive.name} is fetched, but not kept. {error}", stacklevel=2)
        folder = cache_folder() / archive.folder
    return assemble(arrays, folder, archive.name)


def _arrays(archive, bunch):
    """What OpenML sent, as what is in the four files, if it is what it should be."""
    refusal = (
        f"What OpenML sent for {archive.name} is not what it should be ({{}}). Try again, or see "
        "`synlib data import --help`"
    )
    n = archive.n_train
    try:
        images, labels = _square(bunch.data), np.asarray(bunch.target).astype(np.int64)
        arrays = dict(zip(FILES, (images[:n], labels[:n], images[n:], labels[n:]), strict=True))
        contents = {key: format_idx(array) for key, array in arrays.items()}
    except (TypeError, ValueError) as error:
        raise DataUnavailable(refusal.format(error)) from error
    for key, stem in FILES.items():
        if _sha256(contents[key]) != archive.checksums[stem]:
            raise DataUnavailable(refusal.format(f"{stem} has another SHA-256"))
    return {key: array.astype(np.uint8) for key, array in arrays.items()}


def _square(table):
    """Rows of pixels as square images."""
    table = np.asarray(table)
    side = math.isqrt(table.shape[1])
    return table.reshape(-1, side, side)


def _advice(archive, error):
    return (
        f"{archive.name} is not on this computer, and could not be fetched "
        f"({type(error).__name__}: {error}). Three ways to get it: "
        f"(1) set SYNLIB_DATA to a folder with its four IDX files, or with a folder "
        f"{archive.folder} that has them; (2) run `synlib data import FOLDER` on such a folder; "
        "(3) connect to the internet and run `synlib data fetch`"
    )


def _is_another(archive, folder):
    """Whether the folder, which may be given for one of them only, holds another archive."""
    stem = FILES["y_test"]
    try:
        checksums = {_sha256(unpack(path.read_bytes())) for path in _files(folder, stem)}
    except (OSError, ValueError):  # reported when it is loaded
        return False
    others = {other.checksums[stem] for other in ARCHIVES if other is not archive}
    return bool(checksums & others) and archive.checksums[stem] not in checksums


def _load_checked(archive, folder):
    arrays = {
        key: parse_idx(_read_checked(archive, folder, stem)[1], ndim_of(stem))
        for key, stem in FILES.items()
    }
    return assemble(arrays, folder, archive.name)


def _read_checked(archive, folder, stem):
    """The file of that name that holds what it should, and what is in it."""
    problems = []
    for path in _files(folder, stem):
        try:
            content = unpack(path.read_bytes())
        except PermissionError:
            problems.append(f"{path} cannot be read: change its permissions")
        except (OSError, ValueError) as error:
            problems.append(f"{path}: {error}; get the file again")
        else:
            if _sha256(content) == archive.checksums[stem]:
                return path, content
            problems.append(
                f"{path} is not the {stem} of {archive.name} (another SHA-256 than "
                f"{archive.checksums[stem]}): get the file again"
            )
    raise DataUnavailable(problems[0])


def _put(target, write):
    """Make a folder that appears only when all is written; what was there goes only then."""
    scratch = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        new, old = scratch / "new", scratch / "old"
        new.mkdir()
        write(new)
        if target.is_symlink() or target.exists():
            target.rename(old)
        new.rename(target)
    except OSError as error:
        raise DataUnavailable(
            f"The files cannot be copied to {target} ({error.strerror}): make room or change "
            "permissions there, or set SYNLIB_DATA to where they are now"
        ) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def _files(folder, stem):
    try:
        return idx_files(folder, stem)
    except PermissionError as error:
        raise DataUnavailable(f"{folder} cannot be read: change its permissions") from error


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
