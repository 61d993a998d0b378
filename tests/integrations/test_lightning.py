"""The Lightning callback: annealing as in noisedim's own loop, logging, and resumption."""

import lightning
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.examples.lightning_module import Model, trainer_for
from noisedim.integrations.lightning import NoisyChannelCallback, TrackCallback
from noisedim.priors import GaussianPrior, UniformPrior
from noisedim.training import NoiseConfig

# Lightning's own use of PyTorch, and its advice on data loaders.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*no `val_dataloader`"),
    pytest.mark.filterwarnings("ignore:.*module.s. in eval mode at the start"),
]


@pytest.fixture
def loader():
    x = torch.rand(128, 64, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(x), batch_size=32)


class Levels(lightning.Callback):
    """Records the noise level of each step and the logged values."""

    def __init__(self):
        self.seen = []
        self.logged = {}

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.seen.append(pl_module.channel.level)

    def on_train_end(self, trainer, pl_module):
        self.logged = {name: float(value) for name, value in trainer.logged_metrics.items()}


def fit(loader, callback, *, epochs=3, model=None, **options):
    model = Model(0.2) if model is None else model
    levels = Levels()
    trainer = trainer_for(epochs, callback, enable_progress_bar=False, **options)
    trainer.callbacks.append(levels)
    trainer.fit(model, loader)
    return trainer, model, levels


def test_noise_falls_as_in_our_own_loop(loader):
    _, model, levels = fit(loader, NoisyChannelCallback())
    expected = [NoiseConfig(sigma=0.2).level(GaussianPrior(2), step / 12) for step in range(12)]
    assert levels.seen == pytest.approx(expected, rel=1e-12)
    assert levels.seen[0] == 1.0
    assert model.channel.level == pytest.approx(0.2)
    assert levels.logged["noise/level"] == pytest.approx(0.2)
    assert levels.logged["noise/capacity"] == pytest.approx(GaussianPrior(2).capacity(0.2), rel=1e-5)


def test_without_annealing_the_level_is_the_channels(loader):
    _, _, levels = fit(loader, NoisyChannelCallback(anneal=0.0), epochs=1)
    assert levels.seen == pytest.approx([0.2] * 4)


def test_embeddings_are_assessed_in_eval_and_the_run_is_the_same(loader):
    modes = []
    x = torch.rand(60, 64, generator=torch.Generator().manual_seed(1))

    def embed(module):
        modes.append(module.training)
        return module.channel(module.encoder(x))

    weights = []
    for callback in (NoisyChannelCallback(embed=embed, every=2), NoisyChannelCallback()):
        torch.manual_seed(0)
        _, model, levels = fit(loader, callback, epochs=4, model=Model(0.2))
        weights.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
        if callback.embed is not None:
            assert [epoch for epoch, _ in callback.history] == [1, 3]
            assert callback.history[0][1].n == 60
            assert {"assess/p_value", "assess/d2", "assess/sliced_w2"} <= levels.logged.keys()
    assert modes == [False, False]
    assert torch.equal(*weights)


def test_embeddings_are_assessed_against_the_prior_of_the_channel(loader):
    # Draws of U[0, 1]² itself: far from N(0, I), whose half of all values is negative.
    cube = torch.rand(500, 2, generator=torch.Generator().manual_seed(1))
    found = {}
    for options in ({}, {"prior": "normal"}):
        model = Model(0.2)
        model.channel = NoisyChannel(UniformPrior(2), epsilon=0.1)
        callback = NoisyChannelCallback(embed=lambda module: cube, **options)
        _, _, levels = fit(loader, callback, epochs=1, model=model)
        (_, found[len(options)]) = callback.history[0]
        assert levels.logged["assess/p_value"] == pytest.approx(found[len(options)].p_value, rel=1e-5)
    assert [(one.prior, one.rejected) for one in found.values()] == [("uniform", False), ("normal", True)]


def test_another_module_is_annealed_to_its_own_level(loader):
    callback = NoisyChannelCallback()
    fit(loader, callback, model=Model(0.3))
    _, other, levels = fit(loader, callback, model=Model(0.8))
    assert other.channel.level == pytest.approx(0.8)
    assert levels.seen == pytest.approx(
        [NoiseConfig(sigma=0.8).level(GaussianPrior(2), step / 12) for step in range(12)]
    )


def test_one_module_is_annealed_on_unless_its_level_is_set_anew(loader):
    callback = NoisyChannelCallback(anneal=1.0)
    _, model, levels = fit(loader, callback, model=Model(0.2), max_steps=5)
    assert levels.seen[-1] > 0.25  # stopped on the way
    _, model, levels = fit(loader, callback, model=model)
    expected = [NoiseConfig(sigma=0.2, anneal=1.0).level(GaussianPrior(2), step / 12) for step in range(12)]
    assert levels.seen == pytest.approx(expected)
    model.channel.level = 0.5
    _, _, levels = fit(loader, callback, model=model)
    expected = [NoiseConfig(sigma=0.5, anneal=1.0).level(GaussianPrior(2), step / 12) for step in range(12)]
    assert levels.seen == pytest.approx(expected)


def test_a_resumed_run_anneals_to_the_same_level(loader, tmp_path):
    class Save(lightning.Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            if trainer.current_epoch == 0:
                trainer.save_checkpoint(tmp_path / "part.ckpt")

    first = trainer_for(3, NoisyChannelCallback(), enable_progress_bar=False)
    first.callbacks.append(Save())
    first.fit(Model(0.2), loader)
    part = torch.load(tmp_path / "part.ckpt", weights_only=False)
    # In the middle of annealing, the channel's level is not its final one.
    assert part["state_dict"]["channel.noise_level"] > 0.4
    levels = Levels()
    again = trainer_for(3, NoisyChannelCallback(), enable_progress_bar=False)
    again.callbacks.append(levels)
    again.fit(Model(0.2), loader, ckpt_path=tmp_path / "part.ckpt", weights_only=False)
    expected = [NoiseConfig(sigma=0.2).level(GaussianPrior(2), step / 12) for step in range(4, 12)]
    assert levels.seen == pytest.approx(expected, rel=1e-12)


def test_bad_settings(loader):
    with pytest.raises(InvalidInputError, match="noise.start must be"):
        NoisyChannelCallback(start=-1.0)
    with pytest.raises(InvalidInputError, match="every must be"):
        NoisyChannelCallback(every=0)

    class Plain(lightning.LightningModule):
        pass

    trainer = trainer_for(1, NoisyChannelCallback(), enable_progress_bar=False)
    with pytest.raises(InvalidInputError, match="needs a NoisyChannel in the module; got none in Plain"):
        NoisyChannelCallback().on_fit_start(trainer, Plain())


class Plain(lightning.LightningModule):
    """A module that knows nothing of noisedim; ``returned`` says what its validation step returns."""

    def __init__(self, returned="dictionary"):
        super().__init__()
        self.layer = torch.nn.Sequential(torch.nn.Linear(64, 3), torch.nn.BatchNorm1d(3))
        self.returned = returned

    def training_step(self, batch, batch_idx):
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch, batch_idx):
        z = self.layer(batch[0])
        return {"dictionary": {"embedding": z}, "tensor": z, "nothing": None}[self.returned]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit_plain(loader, callback, model, *, validate=True, epochs=4):
    logged = Levels()
    logged.on_train_batch_end = lambda *_: None
    trainer = trainer_for(epochs, callback, enable_progress_bar=False)
    trainer.callbacks.append(logged)
    trainer.fit(model, loader, loader if validate else None)
    return logged.logged


@pytest.mark.parametrize("returned", ["dictionary", "tensor"])
def test_any_module_is_tracked_from_its_validation(loader, returned):
    callback = TrackCallback(every=2)
    logged = fit_plain(loader, callback, Plain(returned))
    assert [epoch for epoch, _ in callback.history] == [1, 3]
    last = callback.history[-1][1]
    assert (last.n, last.dim) == (128, 3)
    assert logged["track/distance"] == pytest.approx(last.distance, rel=1e-5)
    assert logged["track/score/d2"] == pytest.approx(last.scores["d2"], rel=1e-5)


def test_any_module_is_tracked_by_a_function_and_trains_the_same(loader):
    x = torch.rand(60, 64, generator=torch.Generator().manual_seed(1))
    modes, weights = [], []

    def embed(module):
        modes.append(module.layer.training)
        return module.layer(x)

    callback = TrackCallback(embed=embed, every=3, prefix="val/")
    for one in (callback, lightning.Callback()):
        torch.manual_seed(0)
        model = Plain()
        model.layer[1].eval()  # frozen by its owner
        logged = fit_plain(loader, one, model, validate=False)
        weights.append(torch.cat([value.detach().flatten().float() for value in model.state_dict().values()]))
        if one is callback:
            assert "val/distance" in logged
    assert modes == [False]
    assert [epoch for epoch, _ in callback.history] == [2]
    assert torch.equal(*weights)


def test_of_many_rows_the_first_are_tracked(loader):
    callback = TrackCallback(most_rows=30)
    fit_plain(loader, callback, Plain(), epochs=1)
    assert callback.history[0][1].n == 30


def test_a_validation_step_without_embeddings_is_refused(loader):
    with pytest.raises(InvalidInputError, match="validation_step"):
        fit_plain(loader, TrackCallback(), Plain("nothing"), epochs=1)
