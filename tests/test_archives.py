"""Full data sets: found, imported, fetched from a local server, and refused when not right."""

import dataclasses
import gzip
import hashlib
import http.server
import json
import os
import shutil
import threading
import time

import numpy as np
import pytest
from click.testing import CliRunner

from synlib import DataUnavailable, archives, load_fashion_mnist, load_mnist
from synlib._idx import FILES, format_idx, read_idx
from synlib.archives import Archive
from synlib.book.cli.commands import main
from synlib.datasets import Dataset, load_idx

N_TRAIN, N_TEST = 6, 4


def small_images(seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(256, size=(N_TRAIN + N_TEST, 9), dtype=np.uint8)
    labels = random.integers(10, size=N_TRAIN + N_TEST)
    return Dataset(
        "small", images[:N_TRAIN], labels[:N_TRAIN], images[N_TRAIN:], labels[N_TRAIN:], (3, 3)
    )


def idx_files(data):
    for key, stem in FILES.items():
        array = getattr(data, key)
        if "images" in key:
            array = array.reshape(-1, 3, 3)
        yield stem, format_idx(array)


@pytest.fixture
def archive(monkeypatch, tmp_path):
    """A small data set in the place of MNIST, and an empty cache folder."""
    checksums = {
        stem: hashlib.sha256(content).hexdigest() for stem, content in idx_files(small_images())
    }
    small = Archive("MNIST", "mnist", 554, N_TRAIN, checksums)
    monkeypatch.setattr(archives, "MNIST", small)
    monkeypatch.setattr(archives, "ARCHIVES", (small, archives.FASHION_MNIST))
    monkeypatch.setattr(archives, "cache_folder", lambda: tmp_path / "cache" / "data")
    monkeypatch.delenv("SYNLIB_DATA", raising=False)
    return small


@pytest.fixture
def folder(tmp_path):
    """The files of the small data set, half of them gzipped."""
    target = tmp_path / "given" / "mnist"
    target.mkdir(parents=True)
    for stem, content in idx_files(small_images()):
        if "train" in stem:
            (target / f"{stem}.gz").write_bytes(gzip.compress(content))
        else:
            (target / stem).write_bytes(content)
    return target


def point_openml_to(address, monkeypatch):
    from sklearn.datasets import _openml

    for name in ("_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        known = getattr(_openml, name)
        assert known.startswith("https://www.openml.org")
        monkeypatch.setattr(_openml, name, known.replace("https://www.openml.org", address))


@pytest.fixture
def no_network(monkeypatch):
    """OpenML's address leads nowhere, and no second attempt is waited for."""
    point_openml_to("http://127.0.0.1:9", monkeypatch)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def assert_small(data):
    expected = small_images()
    for key in FILES:
        np.testing.assert_array_equal(getattr(data, key), getattr(expected, key))
    assert (data.name, data.shape, data.brightest) == ("MNIST", (3, 3), 255)


def test_found_in_the_folder_named_by_the_environment(archive, folder, monkeypatch):
    for given in (folder, folder.parent):
        monkeypatch.setenv("SYNLIB_DATA", str(given))
        assert_small(load_mnist("full"))
    monkeypatch.setenv("HOME", str(folder.parents[1]))
    monkeypatch.setenv("SYNLIB_DATA", "~/given")
    assert_small(load_mnist("full"))


needs_data = pytest.mark.skipif(
    "SYNLIB_DATA" not in os.environ, reason="needs the full data in $SYNLIB_DATA"
)


@needs_data
def test_the_real_mnist():
    data = load_mnist("full")
    assert data.X_train.shape == (60_000, 784)
    assert data.X_test.shape == (10_000, 784)
    np.testing.assert_array_equal(np.bincount(data.y_test), [980, 1135, 1032, 1010, 982, 892, 958,
                                                             1028, 974, 1009])  # fmt: skip


@needs_data
def test_the_real_fashion_mnist_however_it_is_packed(tmp_path, monkeypatch):
    data = load_fashion_mnist()
    np.testing.assert_array_equal(np.bincount(data.y_train), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(data.y_test), [1000] * 10)
    given = archives.find(archives.FASHION_MNIST)
    for number, stem in enumerate(FILES.values()):
        content = archives.unpack(archives.idx_files(given, stem)[0].read_bytes())
        if number % 2:  # unpacked
            (tmp_path / stem).write_bytes(content)
        else:  # packed anew
            (tmp_path / f"{stem}.gz").write_bytes(gzip.compress(content, 1))
    monkeypatch.setenv("SYNLIB_DATA", str(tmp_path))
    assert load_fashion_mnist().checksum == data.checksum


def test_a_folder_with_another_data_set_does_not_count(archive, folder, monkeypatch, no_network):
    monkeypatch.setenv("SYNLIB_DATA", str(folder))
    with pytest.raises(DataUnavailable, match="Fashion-MNIST is not on this computer"):
        load_fashion_mnist()


def test_without_network_the_three_ways_are_named(archive, no_network):
    with pytest.raises(DataUnavailable) as caught:
        load_mnist("full")
    message = str(caught.value)
    assert "MNIST is not on this computer, and could not be fetched" in message
    for way in ("set SYNLIB_DATA", "synlib data import FOLDER", "synlib data fetch"):
        assert way in message


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-9], "truncated or damaged gzip file.*get the file again"),
        (lambda content: gzip.compress(b"other"), "another SHA-256 than [0-9a-f]{64}"),
    ],
)
def test_damaged_files_are_refused(archive, folder, monkeypatch, damage, message):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    monkeypatch.setenv("SYNLIB_DATA", str(folder))
    with pytest.raises(DataUnavailable, match=f"{path.name}.*{message}"):
        load_mnist("full")
    result = CliRunner().invoke(main, ["data", "import", str(folder)])
    assert result.exit_code == 1
    assert "holds none of the known data sets" in result.output
    assert not archives.cache_folder().exists()


def test_of_two_files_that_which_is_right_is_read(archive, folder, monkeypatch):
    stem = "t10k-images-idx3-ubyte"
    monkeypatch.setenv("SYNLIB_DATA", str(folder))
    for content in (b"", gzip.compress(b"other"), gzip.compress(b"cut short")[:-5]):
        (folder / f"{stem}.gz").write_bytes(content)
        assert_small(load_mnist("full"))
    _, target = archives.import_folder(folder)
    assert (target / stem).is_file()
    assert not (target / f"{stem}.gz").exists()


@pytest.mark.parametrize("leads", ["to the source", "elsewhere", "nowhere"])
def test_import_onto_a_link(archive, folder, tmp_path, leads):
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").write_text("mine")
    target = archives.cache_folder() / "mnist"
    target.parent.mkdir(parents=True)
    to = {"to the source": folder, "elsewhere": other, "nowhere": tmp_path / "nothing"}[leads]
    target.symlink_to(to)
    result = CliRunner().invoke(main, ["data", "import", str(folder)])
    assert result.exit_code == 0, result.output
    assert not target.is_symlink()
    assert (other / "kept").read_text() == "mine"
    assert len(list(folder.iterdir())) == len(list(target.iterdir())) == 4
    assert_small(load_mnist("full"))
    assert list(target.parent.iterdir()) == [target]
    # and onto itself
    archives.import_folder(target)
    assert_small(load_mnist("full"))


def test_an_import_that_fails_leaves_what_was_there(archive, folder, monkeypatch):
    archives.import_folder(folder)

    def copy(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives.shutil, "copy", copy)
    with pytest.raises(DataUnavailable, match="No space left"):
        archives.import_folder(folder)
    assert_small(load_mnist("full"))


def test_imported(archive, folder, monkeypatch):
    result = CliRunner().invoke(main, ["data"])
    assert "MNIST: not here" in result.output
    result = CliRunner().invoke(main, ["data", "import", str(folder)])
    assert result.exit_code == 0, result.output
    assert "MNIST is now in" in result.output
    shutil.rmtree(folder)
    assert_small(load_mnist("full"))
    result = CliRunner().invoke(main, ["data"])
    assert f"MNIST: {archives.cache_folder() / 'mnist'}" in result.output


def test_import_says_what_is_missing(archive, folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    result = CliRunner().invoke(main, ["data", "import", str(folder)])
    assert result.exit_code == 1
    assert "has neither t10k-labels-idx1-ubyte.gz nor t10k-labels-idx1-ubyte" in result.output
    (folder / "train-labels-idx1-ubyte.gz").rename(folder / "train-labels.idx1-ubyte.gz")
    result = CliRunner().invoke(main, ["data", "import", str(folder)])
    assert "is train-labels.idx1-ubyte.gz meant? Then rename it" in result.output


def test_import_on_a_full_disk_leaves_nothing(archive, folder, small_disk, monkeypatch):
    disk = small_disk("16k")
    (disk / "filler").write_bytes(bytes(12 * 1024))
    monkeypatch.setattr(archives, "cache_folder", lambda: disk / "data")
    with pytest.raises(DataUnavailable, match=r"No space left on device.*make room"):
        archives.import_folder(folder)
    assert [path for path in disk.rglob("*") if path.is_file()] == [disk / "filler"]


def test_a_folder_without_permission_is_named(archive, folder, monkeypatch):
    monkeypatch.setenv("SYNLIB_DATA", str(folder))
    folder.chmod(0)
    is_root = os.geteuid() == 0
    try:
        if is_root:  # who may read everything
            os.seteuid(65534)
        for look in (lambda: archives.import_folder(folder), lambda: archives.find(archive)):
            with pytest.raises(DataUnavailable, match="cannot be read: change its permissions"):
                look()
        with pytest.raises(PermissionError, match=str(folder)):
            load_idx(folder)
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)


def test_a_place_that_cannot_be_written_is_named(archive, folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(archives, "cache_folder", lambda: tmp_path / "file" / "data")
    with pytest.raises(DataUnavailable, match=r"cannot be copied.*set SYNLIB_DATA"):
        archives.import_folder(folder)


class OpenML(http.server.BaseHTTPRequestHandler):
    """As much of OpenML as is needed to fetch one data set."""

    data = small_images()

    def do_GET(self):
        arff = self.arff()
        answers = {
            "/api/v1/json/data/554": {
                "data_set_description": {
                    "id": "554", "name": "mnist_784", "version": "1", "format": "ARFF",
                    "status": "active", "description": "small images",
                    "file_id": "1", "default_target_attribute": "class",
                    "md5_checksum": hashlib.md5(arff).hexdigest(),
                    "url": f"http://{self.headers['Host']}/data/v1/download/1",
                }
            },
            "/api/v1/json/data/features/554": {
                "data_features": {
                    "feature": [
                        {"index": str(i), "name": name, "data_type": kind, "is_target": target,
                         "is_ignore": "false", "is_row_identifier": "false",
                         "number_of_missing_values": "0"}
                        for i, (name, kind, target) in enumerate(
                            [(f"pixel{p}", "numeric", "false") for p in range(9)]
                            + [("class", "nominal", "true")]
                        )
                    ]
                }
            },
            "/api/v1/json/data/qualities/554": {
                "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "10"}]}
            },
        }  # fmt: skip
        if self.path in answers:
            body = json.dumps(answers[self.path]).encode()
        elif self.path.startswith("/data/v1/download/1"):
            body = arff
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def arff(self):
        lines = ["@RELATION mnist_784"]
        lines += [f"@ATTRIBUTE pixel{p} REAL" for p in range(9)]
        lines += ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
        images = np.concatenate([self.data.images_train, self.data.images_test])
        labels = np.concatenate([self.data.y_train, self.data.y_test])
        lines += [
            ",".join(map(str, [*image, label])) for image, label in zip(images, labels, strict=True)
        ]
        return ("\n".join(lines) + "\n").encode()

    def log_message(self, *_):
        pass


@pytest.fixture
def openml(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OpenML)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    point_openml_to(f"http://127.0.0.1:{server.server_port}", monkeypatch)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetched_from_openml_once(archive, openml, monkeypatch):
    assert_small(load_mnist("full"))
    # what is kept are the four files and nothing else
    kept = archives.cache_folder() / "mnist"
    assert sorted(path.name for path in kept.iterdir()) == sorted(f"{f}.gz" for f in FILES.values())
    assert list(kept.parent.iterdir()) == [kept]
    np.testing.assert_array_equal(
        read_idx(kept / f"{FILES['y_test']}.gz", ndim=1), small_images().y_test
    )
    assert f"MNIST: {kept}" in CliRunner().invoke(main, ["data"]).output
    # and from there when the server is gone
    monkeypatch.setattr(OpenML, "do_GET", lambda self: self.send_error(500))
    assert_small(load_mnist("full"))


def test_fetched_although_it_cannot_be_kept(archive, openml, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(archives, "cache_folder", lambda: tmp_path / "file" / "data")
    with pytest.warns(UserWarning, match="MNIST is fetched, but not kept.*file/data/mnist"):
        assert_small(load_mnist("full"))


def test_fetch_by_command(archive, openml):
    result = CliRunner().invoke(main, ["data", "fetch"])
    assert result.exit_code == 0, result.output
    assert "6 training and 4 test images" in result.output


@pytest.mark.parametrize("what", ["MNIST", "Fashion-MNIST"])
def test_other_images_from_openml_are_refused(archive, openml, monkeypatch, what):
    monkeypatch.setattr(OpenML, "data", small_images(seed=1))
    if what == "Fashion-MNIST":  # at the address of which there is the same
        monkeypatch.setattr(
            archives, "FASHION_MNIST", dataclasses.replace(archives.FASHION_MNIST, openml_id=554)
        )
    with pytest.raises(DataUnavailable, match=f"sent for {what} is not what it should be"):
        load_mnist("full") if what == "MNIST" else load_fashion_mnist()
    assert not archives.cache_folder().exists()
