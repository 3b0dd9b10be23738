"""MNIST and Fashion-MNIST: bundled, found, imported or fetched, and always checked."""

import hashlib
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import platformdirs

from synlib._validation import check_choice
from synlib.datasets import FILES, Dataset, load_idx, unpack


@dataclass(frozen=True)
class Archive:
    """A data set that is too large to be bundled.

    ``checksums`` are the SHA-256 sums of the four files, by name: of what is in them or, where
    only those are known, of the gzipped originals.
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
    {  # of the gzipped originals
        "train-images-idx3-ubyte": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        "t10k-images-idx3-ubyte": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        "t10k-labels-idx1-ubyte": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
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
        if all(_file(folder, stem) for stem in FILES.values()) and not _is_another(archive, folder):
            return folder
    return None


def search_path(archive):
    """Folders in which an archive is looked for, the first one first."""
    given = os.environ.get("SYNLIB_DATA")
    folders = [Path(given) / archive.folder, Path(given)] if given else []
    return [*folders, cache_folder() / archive.folder]


def cache_folder():
    """Where imported and fetched data are kept."""
    return platformdirs.user_cache_path("synlib") / "data"


def import_folder(source):
    """Check the files in a folder and copy them to where they will be found.

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
    source = Path(source)
    files = {stem: _file(source, stem) for stem in FILES.values()}
    missing = [stem for stem, path in files.items() if path is None]
    if missing:
        raise DataUnavailable(
            f"{source} has no file {missing[0]}.gz or {missing[0]}; it must hold all four: "
            + ", ".join(FILES.values())
        )
    problems = {}
    for archive in ARCHIVES:
        try:
            _load_checked(archive, source)
        except DataUnavailable as error:
            problems[archive.name] = error
        else:
            return archive, _copy(files.values(), cache_folder() / archive.folder)
    raise DataUnavailable(
        f"{source} holds none of the known data sets. "
        + " ".join(f"Not {name}: {error}." for name, error in problems.items())
    )


def fetch(archive):
    """Fetch an archive from OpenML, check it, and keep it.

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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about retries: the last failure is reported below
            bunch = fetch_openml(
                data_id=archive.openml_id,
                as_frame=False,
                # slower than the pandas parser, which fails on whole-number classes with pandas 3
                parser="liac-arff",
                data_home=cache_folder() / "openml",
                n_retries=1,
                delay=0.5,
            )
    except Exception as error:  # whatever goes wrong on the way, the user needs the same advice
        raise DataUnavailable(_advice(archive, error)) from error
    images = np.asarray(bunch.data, dtype=np.uint8)
    labels = np.asarray(bunch.target).astype(np.int64)
    n = archive.n_train
    side = round(images.shape[1] ** 0.5)
    data = Dataset(archive.name, images[:n], labels[:n], images[n:], labels[n:], (side, side))
    for key, stem in FILES.items():
        array = getattr(data, key)
        if "images" in key:
            array = array.reshape(-1, *data.shape)
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        content = header + array.astype(np.uint8).tobytes()
        # OpenML's own checksum has been checked; where ours is of gzipped files, it cannot be
        if archive is not FASHION_MNIST and _sha256(content) != archive.checksums[stem]:
            raise DataUnavailable(
                f"What OpenML sent for {archive.name} is not what it should be ({stem} has "
                f"another SHA-256). Delete {cache_folder() / 'openml'} and try again, or see "
                "`synlib data import --help`"
            )
    return data


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
        content = _file(folder, stem).read_bytes()
        return any(
            _matches(content, other.checksums[stem]) for other in ARCHIVES if other is not archive
        )
    except (OSError, ValueError):  # reported when it is loaded
        return False


def _matches(content, checksum):
    """Whether a file as it is, or what is in it, has this SHA-256."""
    return checksum in (_sha256(content), _sha256(unpack(content)))


def _load_checked(archive, folder):
    for stem, expected in archive.checksums.items():
        path = _file(folder, stem)
        try:
            known = _matches(path.read_bytes(), expected)
        except PermissionError as error:
            raise DataUnavailable(f"{path} cannot be read: change its permissions") from error
        except (OSError, ValueError) as error:
            raise DataUnavailable(f"{path}: {error}; get the file again") from error
        if not known:
            raise DataUnavailable(
                f"{path} is not the {stem} of {archive.name} (another SHA-256 than {expected}): "
                "get the file again"
            )
    return load_idx(folder, name=archive.name)


def _copy(files, target):
    """Copy files into a folder that appears only when all of them are there."""
    scratch = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        for path in files:
            shutil.copy(path, scratch)
        if target.exists():
            shutil.rmtree(target)
        scratch.replace(target)
    except OSError as error:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
        raise DataUnavailable(
            f"The files cannot be copied to {target} ({error.strerror}): make room or change "
            "permissions there, or set SYNLIB_DATA to where they are now"
        ) from error
    return target


def _file(folder, stem):
    for path in (folder / f"{stem}.gz", folder / stem):
        try:
            if path.is_file():
                return path
        except PermissionError as error:
            raise DataUnavailable(f"{folder} cannot be read: change its permissions") from error
    return None


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
