"""Pictures and CIFAR, from files made here in the real formats; what is absent, damaged or unlike the rest is named."""

import io
import pickle
import tarfile
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from noisedim.data import load_images
from noisedim.data.cifar import JPEG_WORDS
from noisedim.data.sets import has_test_split
from noisedim.errors import DataNotFoundError, InvalidInputError
from noisedim.runs.split import split_images
from noisedim.training import DataConfig, TrainConfig


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NOISEDIM_DATA", raising=False)
    return tmp_path / "cache"


def picture(seed, size=(6, 5), mode="RGB"):
    shape = size if mode == "L" else (*size, 3)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def encoded(image, kind="PNG"):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def files(splits=("train/", "test/"), classes=("cat", "dog"), n=3):
    return {
        f"{split}{label}/{i}.png": encoded(picture(hash_of(split, label, i)))
        for split in splits
        for label in classes
        for i in range(n)
    }


def hash_of(*parts):
    return sum(ord(letter) * (i + 1) for i, letter in enumerate("".join(map(str, parts))))


def write_folder(root, content):
    for name, data in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_tar(path, content, prefix=""):
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        # In no order: readers sort.
        for name in sorted(content, reverse=True):
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content[name])
            archive.addfile(member, io.BytesIO(content[name]))
    return path


def test_folder_and_archives_give_the_same_images(tmp_path):
    content = files()
    folder = write_folder(tmp_path / "animals", content)
    archives = [write_tar(tmp_path / "animals.tar.gz", content), write_tar(tmp_path / "b.tar", content, "./animals/")]
    sets = [load_images(name) for name in (f"folder:{folder}", *map(str, archives))]
    expected = np.stack(
        [np.asarray(picture(hash_of("train/", label, i))) for label in ("cat", "dog") for i in range(3)]
    )
    for data in sets:
        assert data.images.dtype is torch.uint8
        np.testing.assert_array_equal(data.images.permute(0, 2, 3, 1).numpy(), expected)
        assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert [data.name for data in sets] == ["animals", "animals", "b"]
    test = load_images(f"tar:{archives[0]}", split="test")
    assert not torch.equal(test.images, sets[0].images)
    assert len(load_images(str(archives[0]), split="all")) == 12
    assert has_test_split(f"folder:{folder}")
    assert not has_test_split("digits")


def test_decoded_once_and_anew_when_changed(tmp_path, cache):
    folder = write_folder(tmp_path / "animals", files())
    first = load_images(f"folder:{folder}")
    (kept,) = (cache / "pictures").glob("*.npz")
    kept_at = kept.stat().st_mtime_ns
    assert torch.equal(load_images(f"folder:{folder}").images, first.images)
    assert kept.stat().st_mtime_ns == kept_at
    kept.write_bytes(kept.read_bytes()[:100])  # damaged: made anew
    assert torch.equal(load_images(f"folder:{folder}").images, first.images)
    (folder / "train" / "cat" / "0.png").write_bytes(encoded(picture(99)))
    assert not torch.equal(load_images(f"folder:{folder}").images, first.images)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"train/cat/0.png": b"\x89PNG no more"},
            InvalidInputError,
            r"train/cat/0.png in .* is no picture, or damaged",
        ),
        (
            {"train/cat/1.jpg": encoded(picture(1, (60, 50)), "JPEG")[:-300]},
            InvalidInputError,
            "train/cat/1.jpg in .* is no picture, or damaged: .*truncated",
        ),
        (
            {"train/cat/0.png": encoded(picture(1, mode="L"))},
            InvalidInputError,
            r"all grey or all RGB; 1 of 12 in .* are grey, the first is train/cat/0.png",
        ),
        (
            {"train/dog/9.png": encoded(picture(1, (7, 5)))},
            InvalidInputError,
            r"must have one size; .* has 5×6 pixels and train/dog/9.png 5×7",
        ),
        ({"train/dog/9.png": encoded(picture(1).convert("RGBA"))}, InvalidInputError, r"grey or RGB.*9.png .* is RGBA"),
        ({"9.png": encoded(picture(1))}, InvalidInputError, r"expected CLASS/NAME.jpg or train/CLASS/NAME.jpg"),
    ],
)
def test_what_is_wrong_with_a_picture_is_said(tmp_path, cache, change, error, message):
    folder = write_folder(tmp_path / "animals", {**files(), **change})
    with pytest.raises(error, match=message):
        load_images(f"folder:{folder}")
    assert not cache.exists() or not list(cache.rglob("*.npz"))


@pytest.mark.parametrize("folder", ["", "everything/", "train/"])
def test_pictures_without_classes_have_no_labels(tmp_path, folder):
    # One class says nothing, and a method without labels needs none.
    made = {f"{folder}{i}.png": encoded(picture(i)) for i in range(30)}
    data = load_images(f"folder:{write_folder(tmp_path / 'flat', made)}")
    assert (len(data), data.labels) == (30, None)


def test_missing_pictures_and_damaged_archives(tmp_path):
    with pytest.raises(DataNotFoundError, match=r"there is no .*nowhere"):
        load_images(f"folder:{tmp_path / 'nowhere'}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataNotFoundError, match="there is no picture in"):
        load_images(f"folder:{tmp_path / 'empty'}")
    flat = write_folder(tmp_path / "flat", files(splits=("",)))
    assert len(load_images(f"folder:{flat}")) == 6
    with pytest.raises(DataNotFoundError, match=r"expected folders train/ and test/ \(or val/\) in"):
        load_images(f"folder:{flat}", split="test")
    archive = write_tar(tmp_path / "a.tar.gz", files())
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(InvalidInputError, match=r"expected a \.tar or \.tar\.gz of pictures; .* cannot be read"):
        load_images(str(archive))


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A tiny CIFAR-10 in torchvision's layout, whose digests torchvision is told."""
    from torchvision import datasets
    from torchvision.datasets.utils import calculate_md5

    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, calculate_md5(folder / name)]

    made = {}
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        made[name] = {
            "data": rng.integers(0, 256, (4, 3072), dtype=np.uint8),
            "labels": rng.integers(0, 10, 4).tolist(),
        }
    train = [write(name, made[name]) for name in ("data_batch_1", "data_batch_2")]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", train)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [write("test_batch", made["test_batch"])])
    digest = write("batches.meta", {"label_names": list("abcdefghij")})[1]
    monkeypatch.setattr(datasets.CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": digest})
    return tmp_path / "data", made


def test_cifar_as_torchvision_keeps_it(cifar):
    root, made = cifar
    data = load_images("cifar10", root=root)
    expected = np.concatenate([made[f"data_batch_{i}"]["data"] for i in (1, 2)]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(data.images.numpy(), expected)
    assert data.labels.tolist() == made["data_batch_1"]["labels"] + made["data_batch_2"]["labels"]
    assert load_images("cifar10", root=root, split="test").labels.tolist() == made["test_batch"]["labels"]
    assert load_images("cifar10", root=root, skip=6, limit=9).labels.tolist() == data.labels[6:].tolist()
    with pytest.raises(InvalidInputError, match="skip=8 leaves no image of cifar10"):
        load_images("cifar10", root=root, skip=8)


def test_cifar_that_is_not_there_or_not_itself(cifar, tmp_path):
    root, _ = cifar
    with pytest.raises(DataNotFoundError, match=r"cifar100 is not complete: its files in .* are not there.*--download"):
        load_images("cifar100", root=root)
    (root / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps("something else"))
    with pytest.raises(DataNotFoundError, match="are not the published ones"):
        load_images("cifar10", root=root)
    with pytest.raises(DataNotFoundError, match="set NOISEDIM_DATA to a folder with torchvision's files"):
        load_images("cifar10")


def test_test_images_judge_and_validation_leaves_them_alone(cifar):
    root, made = cifar
    split = split_images(TrainConfig(data=DataConfig(name="cifar10", test_split=True, skip=1, limit=5)), root)
    assert (len(split.images), split.train.tolist(), split.held_out.tolist()) == (9, [0, 1, 2, 3, 4], [5, 6, 7, 8])
    assert split.images.labels[split.held_out].tolist() == made["test_batch"]["labels"]
    with pytest.raises(InvalidInputError, match=r"data.test_split needs test images .*'digits' has none"):
        split_images(TrainConfig(data=DataConfig(test_split=True)))
    with pytest.raises(InvalidInputError, match=r"data.test_split measures on the test images; got data.fold=0"):
        DataConfig(test_split=True, fold=0)


def jpeg_cifar(root, labels):
    """An archive whose picture k of a class is the k-th of that class in the order of ``labels``."""
    (root / "cifar-10-jpeg").mkdir(parents=True)
    content, seen = {}, {}
    for split, own in labels.items():
        for place, label in enumerate(own):
            k = seen.setdefault((split, label), 0)
            seen[split, label] += 1
            # Ten classes, named so that their order is that of their numbers.
            flat = Image.new("RGB", (8, 8), (20 * place + 10, 12 * label, 200 if split == "test" else 0))
            content[f"{split}/class{label}/{k:04d}.jpg"] = encoded(flat, "JPEG")
        (root / "cifar-10-jpeg" / f"{split}_labels.u8").write_bytes(bytes(own))
    write_tar(root / "cifar-10-jpeg" / "cifar-10-jpeg.tar.gz", content)


def test_jpeg_copy_is_in_the_original_order_and_says_what_it_is(tmp_path):
    rng = np.random.default_rng(0)
    labels = {split: rng.permutation(10).tolist() for split in ("train", "test")}
    jpeg_cifar(tmp_path, labels)
    for split, blue in (("train", 0), ("test", 200)):
        data = load_images("cifar10-jpeg", root=tmp_path, split=split)
        assert data.name == JPEG_WORDS == "CIFAR-10 (JPEG q75)"
        assert data.labels.tolist() == labels[split]
        mean = data.images.double().mean((2, 3))
        np.testing.assert_allclose(mean[:, 0], 20 * np.arange(10) + 10, atol=4)
        np.testing.assert_allclose(mean[:, 2], blue, atol=6)


def test_jpeg_copy_whose_labels_do_not_fit(tmp_path):
    jpeg_cifar(tmp_path, {split: list(range(10)) for split in ("train", "test")})
    (tmp_path / "cifar-10-jpeg" / "train_labels.u8").write_bytes(bytes([0, 0, 2, 3, 4, 5, 6, 7, 8, 9]))
    with pytest.raises(InvalidInputError, match=r"train_labels.u8 must count the classes .*; got \[2, 0, 1"):
        load_images("cifar10-jpeg", root=tmp_path)
    (tmp_path / "cifar-10-jpeg" / "test_labels.u8").unlink()
    with pytest.raises(DataNotFoundError, match=r"there is no test_labels.u8"):
        load_images("cifar10-jpeg", root=tmp_path, split="test")


def png_of_size(width, height):
    """A PNG that says it has so many pixels, and holds next to none of them."""

    def chunk(name, content):
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("side", "why"),
    [(5000, r"at most 16,777,216 pixels; .*large\.png .* 5000×5000"), (12_000, "12000×12000"), (60_000, "large.png")],
)
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header(tmp_path, cache, side, why):
    write_folder(tmp_path / "set", {**files(), "train/cat/large.png": png_of_size(side, side)})
    with pytest.raises(InvalidInputError, match=why):
        load_images(f"folder:{tmp_path / 'set'}")


def test_what_is_no_picture_is_not_read_and_a_file_too_large_for_one_is_refused(tmp_path, cache, monkeypatch):
    monkeypatch.setattr("noisedim.data.pictures._LARGEST_FILE", 10_000)
    content = {**files(), "train/README": b"x" * 20_000, "train/cat/notes.txt": b"x" * 20_000}
    write_tar(tmp_path / "set.tar", content)
    assert len(load_images(str(tmp_path / "set.tar"))) == 6
    write_tar(tmp_path / "other.tar", {**files(), "train/cat/large.png": b"x" * 20_000})
    with pytest.raises(InvalidInputError, match=r"at most 0 MiB; train/cat/large\.png"):
        load_images(str(tmp_path / "other.tar"))
