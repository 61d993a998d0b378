"""Data sets by name, from files made here in the real formats; what is absent or damaged is named."""

import gzip

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from noisedim.data import ImageSet, load_images, stratified_fold
from noisedim.errors import DataNotFoundError, InvalidInputError


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """A tiny MNIST: training files gzipped only, test files unpacked only."""
    rng = np.random.default_rng(0)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    made = {}
    for prefix, n in (("train", 30), ("t10k", 10)):
        images, labels = rng.integers(0, 256, (n, 28, 28)), rng.integers(0, 10, n)
        made[prefix] = (images, labels)
        for kind, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            if prefix == "train":
                (raw / f"{prefix}-{kind}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (raw / f"{prefix}-{kind}").write_bytes(idx(array))
    return tmp_path, made


def test_digits_are_scikit_learns():
    data = load_images("digits")
    pixels, labels = load_digits(return_X_y=True)
    np.testing.assert_allclose(data.images.flatten(1).numpy() * 16, pixels)
    np.testing.assert_array_equal(data.labels.numpy(), labels)
    assert (data.images.shape, data.images.dtype, len(data)) == ((1797, 1, 8, 8), torch.float32, 1797)


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_mnist_from_gz_or_unpacked_and_cropped(mnist, split):
    root, made = mnist
    data = load_images("mnist", root=root, split=split)
    parts = {"train": ["train"], "test": ["t10k"], "all": ["train", "t10k"]}[split]
    images = np.concatenate([made[part][0] for part in parts])
    np.testing.assert_array_equal(data.images[:, 0].numpy(), images[:, 2:26, 2:26])
    np.testing.assert_array_equal(data.labels.numpy(), np.concatenate([made[part][1] for part in parts]))
    assert load_images("mnist", root=root, limit=3).images.shape == (3, 1, 24, 24)


def test_root_from_the_environment(mnist, monkeypatch):
    monkeypatch.setenv("NOISEDIM_DATA", str(mnist[0]))
    assert len(load_images("mnist")) == 30


def test_absent_data_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.delenv("NOISEDIM_DATA", raising=False)
    with pytest.raises(
        DataNotFoundError, match=r"set NOISEDIM_DATA to a folder with the four IDX files in <root>/MNIST"
    ):
        load_images("mnist")
    with pytest.raises(DataNotFoundError, match=r"no train-images-idx3-ubyte or .*gz in .*FashionMNIST.*--download"):
        load_images("fashion-mnist", root=tmp_path)


@pytest.mark.parametrize("damage", ["cut-gz", "cut-idx", "text", "long", "other-type", "counts"])
def test_damaged_idx_is_named(mnist, damage):
    raw = mnist[0] / "MNIST" / "raw"
    images, labels = raw / "t10k-images-idx3-ubyte", raw / "t10k-labels-idx1-ubyte"
    if damage == "cut-gz":
        zipped = gzip.compress(images.read_bytes())
        images.unlink()
        (raw / "t10k-images-idx3-ubyte.gz").write_bytes(zipped[: len(zipped) // 2])
    elif damage == "cut-idx":
        images.write_bytes(images.read_bytes()[:-1])
    elif damage == "text":
        images.write_text("<html>404</html>")
    elif damage == "long":
        images.write_bytes(images.read_bytes() + b"x")
    elif damage == "other-type":
        content = bytearray(images.read_bytes())
        content[2] = 0x0D
        images.write_bytes(bytes(content))
    else:
        labels.write_bytes(idx(np.zeros(9)))
    with pytest.raises(InvalidInputError, match=r"expected"):
        load_images("mnist", root=mnist[0], split="test")


def test_arrays(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.arange(5))
    data = load_images(str(tmp_path / "mine.npz"))
    assert (data.images.shape, data.name, data.labels.tolist()) == ((5, 1, 8, 8), "mine", [0, 1, 2, 3, 4])
    np.save(tmp_path / "rows.npy", rng.standard_normal((4, 3)))
    assert load_images(str(tmp_path / "rows.npy")).images.dtype is torch.float32
    np.save(tmp_path / "bad.npy", np.array([[1.0, np.nan], [1, 2]]))
    with pytest.raises(InvalidInputError, match=r"1 of 2 in .* hold NaN or infinity, the first is image 0"):
        load_images(str(tmp_path / "bad.npy"))
    for wrong in (np.full((4, 8, 8), 255), np.full((4, 3, 8, 8), -0.1), np.full((4, 8, 8), 1.01, np.float32)):
        # Bytes as whole numbers, or standardised pixels: an encoder of pixels in [0, 1] would embed them all the same.
        np.save(tmp_path / "range.npy", wrong)
        with pytest.raises(InvalidInputError, match=r"images must be uint8, or numbers in \[0, 1\]; .* holds"):
            load_images(str(tmp_path / "range.npy"))
    np.save(tmp_path / "words.npy", np.array(["a"]))
    with pytest.raises(InvalidInputError, match="images must be numbers"):
        load_images(str(tmp_path / "words.npy"))


def test_unknown_name_and_bad_sets():
    with pytest.raises(
        InvalidInputError, match=r"one of digits, shapes, mnist, fashion-mnist, cifar10, .*, or the path .* got 'svhn'"
    ):
        load_images("svhn")
    with pytest.raises(InvalidInputError, match="images must be uint8 or float32"):
        ImageSet(torch.zeros(2, 3, 3), None, "x")
    with pytest.raises(InvalidInputError, match=r"labels must have shape \(2,\)"):
        ImageSet(torch.zeros(2, 3), torch.zeros(3), "x")


def test_folds_partition_and_spread_classes():
    labels = load_images("digits").labels.numpy()
    held_out = [stratified_fold(labels, fold)[1] for fold in range(5)]
    assert sorted(np.concatenate(held_out)) == list(range(1797))
    for train, test in (stratified_fold(labels, fold) for fold in range(5)):
        assert not set(train) & set(test)
        shares = np.bincount(labels[test], minlength=10) / np.bincount(labels)
        assert np.abs(shares - 0.2).max() < 0.01
    with pytest.raises(InvalidInputError, match="fold must be from 0 to 4; got 5"):
        stratified_fold(labels, 5)


def test_reduced_images_are_means_over_areas():
    pixels = torch.randint(0, 256, (3, 1, 24, 24), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    reduced = ImageSet(pixels, None, "x").reduced(12).images
    by_hand = pixels.double().view(3, 1, 12, 2, 12, 2).mean((3, 5)) / 255
    assert reduced.shape == (3, 1, 12, 12)
    torch.testing.assert_close(reduced.double(), by_hand, atol=1e-6, rtol=0)
    with pytest.raises(InvalidInputError, match="data.size=25 needs images of at least that size"):
        ImageSet(pixels, None, "x").reduced(25)


@pytest.mark.parametrize("labels", [[0.0, 0.7, 1.0], [0.0, np.nan, 1.0], ["a", "b", "c"]])
def test_labels_that_are_no_whole_numbers_are_refused(tmp_path, labels):
    np.savez(tmp_path / "images.npz", images=np.zeros((3, 4, 4), np.uint8), labels=np.array(labels))
    with pytest.raises(InvalidInputError, match="labels must be whole numbers"):
        load_images(str(tmp_path / "images.npz"))
    np.savez(tmp_path / "images.npz", images=np.zeros((3, 4, 4), np.uint8), labels=np.array([0.0, 2.0, 1.0]))
    assert load_images(str(tmp_path / "images.npz")).labels.tolist() == [0, 2, 1]
