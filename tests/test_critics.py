"""Critics: all pairs and chosen pairs agree with a plain evaluation of concatenated pairs."""

import pytest
import torch

from noisedim.critics import DotProductCritic, GaussianDualCritic, MLPCritic, SeparableCritic
from noisedim.errors import InvalidInputError


def batch(n=6, m=5, d=3):
    g = torch.Generator().manual_seed(0)
    return torch.randn(n, d, generator=g), torch.randn(m, d, generator=g)


def concatenated(critic, x, y):
    """Oracle for the MLP: build every concatenated pair and run the plain network."""
    pairs = torch.cat([x[:, None].expand(-1, len(y), -1), y[None].expand(len(x), -1, -1)], -1)
    return critic.rest(critic.first(pairs)).squeeze(-1)


CRITICS = {
    "mlp": lambda: MLPCritic(3, hidden=8),
    "mlp-rows": lambda: MLPCritic(3, hidden=8, rows_at_once=2),
    "separable": lambda: SeparableCritic(3, hidden=8, features=4),
    "dot": lambda: DotProductCritic(temperature=0.5),
    "gaussian-dual": GaussianDualCritic,
}


@pytest.mark.parametrize("name", CRITICS)
def test_chosen_pairs_are_entries_of_the_matrix(name):
    torch.manual_seed(0)
    critic, (x, y) = CRITICS[name](), batch()
    matrix = critic(x, y, level=0.4)
    assert matrix.shape == (6, 5)
    index = torch.randint(0, 5, (6, 3), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(critic(x, y, index=index, level=0.4), matrix.gather(1, index), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [None, 1, 4, 100])
def test_split_first_layer_equals_concatenation_with_gradients(rows):
    torch.manual_seed(0)
    critic, (x, y) = MLPCritic(3, hidden=8, rows_at_once=rows), batch()
    x.requires_grad_()
    expected = concatenated(critic, x, y)
    wanted = torch.autograd.grad(expected.sin().sum(), [x, *critic.parameters()])
    found_scores = critic(x, y)
    found = torch.autograd.grad(found_scores.sin().sum(), [x, *critic.parameters()])
    torch.testing.assert_close(found_scores, expected, rtol=1e-5, atol=1e-6)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_table_2_shapes():
    sizes = [tuple(p.shape) for p in MLPCritic(2).parameters()]
    assert sizes == [(256, 4), (256,), (256, 256), (256,), (1, 256), (1,)]


def test_closed_form_critic_is_the_formula():
    x, y = batch()
    sigma = 0.7
    expected = (y**2).sum(1)[None] / (2 * (1 + sigma**2)) - ((y[None] - x[:, None]) ** 2).sum(-1) / (2 * sigma**2)
    torch.testing.assert_close(GaussianDualCritic()(x, y, level=sigma), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(InvalidInputError, match="needs level=sigma"):
        GaussianDualCritic()(x, y)


def test_bad_sizes():
    with pytest.raises(InvalidInputError, match="hidden must be an integer >= 1"):
        MLPCritic(2, hidden=0)
    with pytest.raises(InvalidInputError, match="temperature"):
        DotProductCritic(temperature=-1)


def test_gradients_of_indexed_scores_are_the_same_every_time():
    # On two threads, the gradient of plain indexing is added up in an order that changes from call to call.
    generator = torch.Generator().manual_seed(0)
    critic = MLPCritic(2, hidden=64)
    x, y = (torch.randn(1024, 2, generator=generator, requires_grad=True) for _ in range(2))
    index = torch.randint(0, 1024, (1024, 32), generator=generator)
    first, *others = (torch.autograd.grad(critic(x, y, index=index).square().sum(), y)[0] for _ in range(4))
    assert all(torch.equal(first, other) for other in others)
