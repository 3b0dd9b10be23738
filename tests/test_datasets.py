"""Data sets: what is bundled, and how damaged files are refused."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import synlib
from synlib._idx import FILES, read_idx, write_idx
from synlib.datasets import Dataset

BUNDLED = Path(synlib.__file__).parent / "data" / "mnist"


def test_bundled_mnist_is_stratified():
    mnist = synlib.load_mnist()
    assert mnist.shape == (28, 28)
    assert mnist.images_train.shape == (6000, 784)
    assert mnist.images_test.shape == (1000, 784)
    np.testing.assert_array_equal(np.bincount(mnist.y_train), [600] * 10)
    np.testing.assert_array_equal(np.bincount(mnist.y_test), [100] * 10)
    assert mnist.X_train.min() == 0
    assert mnist.X_train.max() == 1
    # real handwriting: about four fifths of the pixels are black
    assert 0.78 < (mnist.images_train == 0).mean() < 0.84
    assert len({digits.tobytes() for digits in mnist.images_train}) == 6000


@pytest.mark.skipif("SYNLIB_DATA" not in os.environ, reason="needs the full MNIST in $SYNLIB_DATA")
def test_bundled_images_come_from_the_full_set():
    full = synlib.load_idx(Path(os.environ["SYNLIB_DATA"]) / "mnist")
    subset = synlib.load_mnist()
    for part in ("train", "test"):
        known = {
            image.tobytes(): label
            for image, label in zip(
                getattr(full, f"images_{part}"), getattr(full, f"y_{part}"), strict=True
            )
        }
        for image, label in zip(
            getattr(subset, f"images_{part}"), getattr(subset, f"y_{part}"), strict=True
        ):
            assert known[image.tobytes()] == label


def test_digits():
    digits = synlib.load_digits()
    assert digits.X_train.shape == (1347, 64)
    assert digits.X_test.shape == (450, 64)
    assert digits.X_train.max() == 1


def test_random_patterns():
    X, d = synlib.random_patterns(200, 300, random_state=0)
    assert X.mean() == pytest.approx(0, abs=1e-12)
    assert len(np.unique(X)) == 2
    assert set(d) == {-1, 1}
    X, _ = synlib.random_patterns(20, 30, subtract_mean=False, random_state=0)
    assert set(X.ravel()) == {-1, 1}
    with pytest.raises(ValueError, match="n_inputs must be an integer of at least 1, got 0"):
        synlib.random_patterns(5, 0)


@pytest.fixture
def folder(tmp_path):
    """A small data set in MNIST's format, two files of it gzipped."""
    random = np.random.default_rng(0)
    for key, stem in FILES.items():
        shape = (5, 3, 4) if "images" in key else (5,)
        gz = ".gz" if "train" in key else ""
        write_idx(tmp_path / f"{stem}{gz}", random.integers(10, size=shape))
    return tmp_path


def test_any_folder_of_idx_files(folder):
    data = synlib.load_idx(folder)
    assert data.shape == (3, 4)
    assert data.images_train.shape == (5, 12)
    assert data.name == folder.name


IMAGES = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"


def test_damaged_files_are_named(folder):
    images = folder / IMAGES
    good = images.read_bytes()
    for raw, message in [
        (b"\0\0\x0d" + good[3:], "wrong magic number 00000d03, expected 00000803"),
        (good[:-1], r"truncated, 75 bytes where 76 were expected for the shape \(5, 3, 4\)"),
        (good + b"x", "over-long, 77 bytes where 76 were expected"),
        (good[:9], "truncated, 9 bytes where the header alone has 16"),
        (b"", "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        (gzip.compress(good)[:-9], "truncated or damaged gzip file"),
        (
            gzip.compress(good)[:15] + b"\xff\xff\xff\xff" + gzip.compress(good)[19:],
            "truncated or damaged gzip",
        ),
    ]:
        images.write_bytes(raw)
        with pytest.raises(ValueError, match=f"{IMAGES}.*{message}"):
            synlib.load_idx(folder)


def test_counts_and_shapes_must_match(folder):
    labels = folder / LABELS
    good = labels.read_bytes()
    labels.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 4]) + good[8:12])
    with pytest.raises(ValueError, match=f"{IMAGES} has 5 images, but {LABELS} has 4 labels"):
        synlib.load_idx(folder)
    labels.write_bytes(good)
    images = folder / IMAGES
    raw = images.read_bytes()
    images.write_bytes(raw[:8] + np.array([4, 3], ">u4").tobytes() + raw[16:])
    with pytest.raises(ValueError, match=r"training images have the shape \(3, 4\), test images"):
        synlib.load_idx(folder)
    images.unlink()
    with pytest.raises(FileNotFoundError, match=f"has neither {IMAGES}.gz nor {IMAGES}"):
        synlib.load_idx(folder)


def test_what_is_written_is_what_was_read(tmp_path):
    for name in FILES.values():
        path = BUNDLED / f"{name}.gz"
        write_idx(tmp_path / path.name, read_idx(path, ndim=3 if "images" in name else 1))
        assert gzip.decompress(path.read_bytes()) == gzip.decompress(
            (tmp_path / path.name).read_bytes()
        )
    # by hand: magic number, shape in four bytes each, the numbers
    write_idx(tmp_path / "small", np.array([[1, 2, 255]]))
    expected = b"\0\0\x08\x02" + b"\0\0\0\x01" + b"\0\0\0\x03" + b"\x01\x02\xff"
    assert (tmp_path / "small").read_bytes() == expected
    for wrong in ([256], [-1], [0.5]):
        with pytest.raises(ValueError, match="whole numbers from 0 to 255 only"):
            write_idx(tmp_path / "wrong", wrong)
    assert not (tmp_path / "wrong").exists()


def test_images_can_be_written_to(folder):
    data = synlib.load_idx(folder)
    before = data.checksum
    data.images_train[0] = 0
    data.images_test[0] = 0
    data.y_train[0] = 1
    # and the checksum is that of the images as they are
    assert data.checksum != before


def test_home_is_understood(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert synlib.load_idx(f"~/{folder.name}").checksum == synlib.load_idx(folder).checksum


def test_a_damaged_gz_beside_a_good_plain_file(folder):
    expected = synlib.load_idx(folder).checksum
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress((folder / IMAGES).read_bytes())[:-9])
    with pytest.warns(UserWarning, match=f"{IMAGES}.gz: truncated or damaged.*{IMAGES} is read"):
        assert synlib.load_idx(folder).checksum == expected


@pytest.mark.parametrize("name", ["t10k-images.idx3-ubyte", f"{IMAGES}.gz.part", f"{IMAGES} (1)"])
def test_a_name_that_comes_near_is_hinted_at(folder, name):
    (folder / IMAGES).rename(folder / name)
    with pytest.raises(FileNotFoundError) as caught:
        synlib.load_idx(folder)
    assert f"has neither {IMAGES}.gz nor {IMAGES}; is {name} meant? Then rename it" in str(
        caught.value
    )


def test_no_images_are_no_data_set(folder):
    write_idx(folder / IMAGES, np.zeros((0, 3, 4)))
    write_idx(folder / LABELS, np.zeros(0))
    with pytest.raises(ValueError, match=f"{IMAGES} holds no images"):
        synlib.load_idx(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(shape=(3, 5)), r"images_train must be an array \(n_images, 15\)"),
        (dict(images_test=np.zeros((5, 12))), "images_test must be whole numbers.*got float64"),
        (dict(brightest=8), "images_train must be whole numbers from 0 to brightest=8, got 0 to 9"),
        (dict(y_test=np.zeros(4, int)), "y_test must have one label for each of 5 images"),
    ],
)
def test_a_dataset_that_does_not_fit_is_refused(folder, change, message):
    data = synlib.load_idx(folder)
    with pytest.raises(ValueError, match=message):
        Dataset(**(data.__getstate__() | change))


def test_what_is_computed_does_not_travel(folder):
    data = synlib.load_idx(folder)
    size = len(pickle.dumps(data))
    assert data.X_train.shape == (5, 12)
    assert len(pickle.dumps(data)) == size
    assert pickle.loads(pickle.dumps(data)).checksum == data.checksum


def test_labels_are_not_images():
    with pytest.raises(ValueError, match="expected 00000803"):
        read_idx(BUNDLED / f"{LABELS}.gz", ndim=3)


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="which must be one of 'subset', 'full'"):
        synlib.load_mnist("half")
