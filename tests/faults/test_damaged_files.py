"""Files of every kind that noisedim reads, damaged at random: each gives a value or noisedim's own error, and soon.

A short run in every test run; ``pytest -m faults`` damages many more (NOISEDIM_FAULTS times as many files).
"""

import gzip
import json
import tarfile
import time
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from noisedim.assessment.storage.read import read_embeddings, read_labels
from noisedim.data import load_images
from noisedim.errors import NoisedimError
from noisedim.priors import GaussianPrior, load_prior
from noisedim.runs import RunStore, make_run
from noisedim.runs.studies.long_study import Cell, LongStudy, Scores, make_study, read_study
from noisedim.training import DataConfig, TrainConfig
from noisedim.training.loop import load_model

_RUN = TrainConfig(data=DataConfig(fold=0), steps=3, batch_size=32, encoder="mlp")
_LONGEST_SECONDS = 10.0


def _arrays(folder):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 3)).astype(np.float32)
    labels = rng.integers(0, 3, 40)
    np.save(folder / "z.npy", z)
    np.savez_compressed(folder / "z.npz", z=z, labels=labels)
    table = pd.DataFrame(z, columns=["z0", "z1", "z2"]).assign(label=labels)
    table.to_csv(folder / "z.csv", index=False)
    table.to_csv(folder / "z.csv.gz", index=False)
    table.to_csv(folder / "z.tsv", index=False, sep="\t")
    table.to_json(folder / "z.jsonl", orient="records", lines=True)
    torch.save({"z": torch.from_numpy(z), "labels": torch.from_numpy(labels)}, folder / "z.pt")
    from safetensors.numpy import save_file

    save_file({"z": z, "labels": labels}, folder / "z.safetensors")
    found = dict.fromkeys(sorted(path.name for path in folder.iterdir()), read_embeddings)
    np.save(folder / "labels.npy", labels)
    found["labels.npy"] = read_labels
    for ending, module in ((".parquet", "pyarrow"), (".feather", "pyarrow"), (".h5", "h5py")):
        try:
            __import__(module)
        except ImportError:
            continue
        path = folder / f"z{ending}"
        if ending == ".parquet":
            table.to_parquet(path)
        elif ending == ".feather":
            table.to_feather(path)
        else:
            import h5py

            with h5py.File(path, "w") as file:
                file["z"] = z
        found[path.name] = read_embeddings
    return found


def _images(folder):
    np.savez(folder / "images.npz", images=np.zeros((12, 8, 8), np.uint8), labels=np.arange(12) % 3)
    source = folder / "pictures" / "cat"
    source.mkdir(parents=True)
    for i in range(3):
        Image.fromarray(np.full((6, 6), 40 * i, np.uint8)).save(source / f"{i}.png")
    with tarfile.open(folder / "pictures.tar.gz", "w:gz") as archive:
        archive.add(folder / "pictures", arcname="pictures")
    return {"images.npz": load_images_at, "pictures.tar.gz": load_images_at}


def load_images_at(path):
    return load_images(str(path))


def _measured(cell, root):
    return Scores(n=10, seconds=1.0, values={"knn": (0.5, 0.25)}, correct={"knn": "x"}, whole={"p": 0.5})


def _cells():
    return [Cell(replace(_RUN, seed=seed), {"method": "dual", "dial": 0.5}) for seed in range(3)]


def _records(folder):
    store = RunStore(folder / "runs")
    run = make_run(_RUN, store, device="cpu")
    found = {}
    for path in run.path.iterdir():
        if path.is_file() and path.stat().st_size:
            found[str(path.relative_to(folder))] = lambda path: _loaded_run(path)
    (folder / "prior.json").write_text(json.dumps(_prior()))
    found["prior.json"] = load_prior
    study = LongStudy(name="methods", question="?", cells={"small": _cells}, measure=_measured)
    make_study(study, "small", folder / "study.json")
    found["study.json"] = read_study
    return found


def _prior():
    return GaussianPrior(2).spec()


def _loaded_run(path):
    """What the whole store makes of a run with a damaged file: it lists it, and loses nothing else."""
    store = RunStore(path.parent.parent)
    table = store.load()
    if path.name.startswith("checkpoint"):
        load_model(path)
    folder = store.open(_RUN)
    if folder.is_complete:
        folder.read_embeddings()
    return table


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Intact files by name, with what reads each."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(folder / "cache"))
        readers = {**_arrays(folder), **_images(folder), **_records(folder)}
        for name, read in readers.items():
            read(folder / name)
        yield folder, readers


def damaged(content, rng):
    """The bytes with one fault of a kind that disks, editors and strangers make."""
    content = bytearray(content)
    at = int(rng.integers(len(content)))
    match int(rng.integers(7)):
        case 0:
            return bytes(content[:at])
        case 1:
            content[at] ^= 1 << int(rng.integers(8))
        case 2:
            content[at : at + 8] = rng.bytes(8)
        case 3:
            content[at:at] = rng.bytes(int(rng.integers(1, 64)))
        case 4:
            del content[at : at + int(rng.integers(1, 64))]
        case 5:
            content[at : at + 1] = b"9" * int(rng.integers(1, 400))
        case _:
            other = int(rng.integers(len(content)))
            content[at : at + 16] = content[other : other + 16]
    return bytes(content)


def check(folder, readers, rng, times):
    """Damage files in turn; what is neither a value nor noisedim's error is listed."""
    foreign = []
    for i in range(times):
        name = list(readers)[i % len(readers)]
        path = folder / name
        intact = path.read_bytes()
        # Within the compression too, where a reader would otherwise only see a wrong checksum.
        inside = name.endswith(".gz") and rng.random() < 0.7
        broken = gzip.compress(damaged(gzip.decompress(intact), rng)) if inside else damaged(intact, rng)
        path.write_bytes(broken)
        began = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                readers[name](path)
        except NoisedimError as error:
            if len(str(error)) > 2000 or "\x00" in str(error):
                foreign.append((name, broken[:80], "a message that no one can read"))
        except Exception as error:
            foreign.append((name, i, repr(error)[:200]))
        finally:
            path.write_bytes(intact)
        if time.monotonic() - began > _LONGEST_SECONDS:
            foreign.append((name, i, "it took longer than 10 s"))
    return foreign


@pytest.mark.slow
def test_a_few_damaged_files_of_every_kind(whole):
    folder, readers = whole
    foreign = check(folder, readers, np.random.default_rng(2), 3 * len(readers))
    assert not foreign, "\n".join(map(str, foreign))


@pytest.mark.slow
@pytest.mark.faults
def test_many_damaged_files_of_every_kind(whole, counted):
    folder, readers = whole
    times = counted.times * len(readers)
    foreign = check(folder, readers, np.random.default_rng(3), times)
    counted("damaged_files", times, seed=3, kinds=len(readers), foreign=len(foreign))
    assert not foreign, "\n".join(map(str, foreign))
