"""NoisyChannel in other people's loops: the examples run, and without noise their methods are unchanged."""

import re

import pytest
import torch
from lightly.loss import NTXentLoss

from noisedim.examples import lightly_simclr, lightning_module, plain_loop
from noisedim.objectives import nt_xent, vicreg


def plain_model(sigma):
    torch.manual_seed(0)
    return torch.nn.Sequential(*plain_loop.build(sigma))


def lightly_model(sigma):
    torch.manual_seed(0)
    return lightly_simclr.SimCLR(sigma)


CHANNEL = ("1.1.", "projection_head.1.")
CASES = {
    "plain loop": (plain_model, lambda: torch.rand(128, 64), vicreg),
    "lightly": (lightly_model, lambda: torch.rand(128, 3, 8, 8), NTXentLoss(temperature=0.2)),
}


@pytest.mark.parametrize("name", CASES)
def test_without_noise_the_method_is_unchanged(name):
    build, draw, loss_of = CASES[name]
    torch.manual_seed(1)
    x, x_prime = draw(), draw()
    losses, gradients = {}, {}
    for sigma in (None, 1e-9, 0.5):
        model = build(sigma)
        loss = loss_of(model(x), model(x_prime))
        loss.backward()
        losses[sigma] = loss.item()
        gradients[sigma] = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        # The embedding in eval() mode is bit-identical to the module's own.
        before = build(None)
        before.load_state_dict(model.state_dict() if sigma is None else without_channel(model))
        assert torch.equal(model.eval()(x), before.eval()(x))
    scale = float(gradients[None].abs().max())
    assert losses[1e-9] == pytest.approx(losses[None], rel=1e-5)
    torch.testing.assert_close(gradients[1e-9], gradients[None], rtol=0, atol=1e-5 * scale)
    # With noise it is not, so the comparison can fail.
    assert losses[0.5] != pytest.approx(losses[None], rel=1e-3)
    assert float((gradients[0.5] - gradients[None]).abs().max()) > 1e-2 * scale


def without_channel(model):
    """The method's own state: everything before the channel, with the names it has without a channel."""
    own = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith(CHANNEL)}
    return {re.sub(r"^(1|projection_head)\.0\.", r"\1.", name): tensor for name, tensor in own.items()}


def test_lightlys_loss_is_ours():
    torch.manual_seed(0)
    a, b = torch.randn(16, 8), torch.randn(16, 8)
    torch.testing.assert_close(NTXentLoss(temperature=0.2)(a, b), nt_xent(a, b, temperature=0.2))


@pytest.mark.parametrize("sigma", [None, 0.3])
def test_plain_loop(sigma):
    # Measured: 0.54 untrained, 0.80 and 0.81 after 30 steps.
    assert plain_loop.main(sigma=sigma, steps=0) < 0.65 < 0.7 < plain_loop.main(sigma=sigma, steps=30)


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [None, 0.3])
def test_lightly(sigma):
    # Measured: 0.65 and 0.63 after one step, 0.84 and 0.80 after ten.
    assert lightly_simclr.main(sigma=sigma, steps=10) > 0.72


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec")
@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_lightning():
    history = lightning_module.main(epochs=12)
    assert [epoch for epoch, _ in history] == [3, 7, 11]
    first, *_, last = (found.effects["sliced_w2"].estimate for _, found in history)
    assert last < first


@pytest.mark.slow
@pytest.mark.parametrize("example", [plain_loop, lightly_simclr], ids=["plain loop", "lightly"])
def test_loops_track_and_train_the_same(example):
    logged = []
    with_it = example.main(steps=4, track_every=2, log=logged.append)
    assert [entry["step"] for entry in logged] == [2, 4]
    assert all(entry["track/distance"] > 0 for entry in logged)
    assert example.main(steps=4) == with_it
