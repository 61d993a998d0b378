"""Any prior (Section 3.3): the embedding of N(0, I) mapped to other laws, and beside it what was trained for them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from noisedim.document.content import Block, Notice, Picture, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.priors import BallPrior, GaussianMixturePrior, Prior, ProductPrior, SpherePrior
from noisedim.report.benchmarks import absent, entries
from noisedim.report.prior_figures import Contours, beside_draws_figure
from noisedim.report.study import Sources
from noisedim.statistics.intervals import Interval, student_t
from noisedim.statistics.ranking import Difference, paired_differences

__all__ = ["accuracy_verdict", "any_prior_section", "divergence_verdict", "match_verdict"]

_TITLE = "Any prior (Section 3.3)"
_FILES = ["benchmarks/test_any_prior.py"]
_ROUTES = {
    "mapped": "trained for N(0, I), then mapped",
    "cube": "trained for it (Theorem 3.5)",
    "own": "trained with noise in the target's own coordinates",
}
_SHARES = (0.99, 0.9, 0.5)
_DRAWS = 20_000
_ANGLES = np.linspace(0, 2 * np.pi, 200)
_EDGES = {
    "disc": np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], 1),
    "sphere": np.array([[-180, -1], [180, -1], [180, 1], [-180, 1], [-180, -1.0]]),
}


def _how(target: str, route: str) -> str:
    """How an embedding came to its prior, in words."""
    return "trained for it (Theorem 3.4)" if target == "normal" else _ROUTES[route]


def _values(records: Sequence[Mapping[str, Any]], name: str) -> dict[int, float]:
    return {record["seed"]: record[name] for record in records}


def _routes(infos: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Target and route of what was trained for a target, where it can be paired with what was mapped."""
    return [
        (target, route)
        for target, info in infos.items()
        for route, records in info["routes"].items()
        if route != "mapped" and len(records) > 1
    ]


def _words(interval: Interval, digits: int = 3) -> str:
    return f"{interval.estimate:+.{digits}f} [{interval.lower:+.{digits}f}, {interval.upper:+.{digits}f}]"


def _against_mapped(infos: Mapping[str, Mapping[str, Any]], name: str) -> list[tuple[str, str, Difference]]:
    """Of a measure, mapped minus trained for the target, by seed; p-values adjusted over all targets and routes."""
    pairs = _routes(infos)
    values = {
        f"{target} {route}": _values(infos[target]["routes"][route], name)
        for target in infos
        for route in infos[target]["routes"]
    }
    found = paired_differences(values, [(f"{target} mapped", f"{target} {route}") for target, route in pairs])
    return [(target, route, difference) for (target, route), difference in zip(pairs, found, strict=True)]


def _listed(infos: Mapping[str, Mapping[str, Any]], found: Sequence[tuple[str, str, Difference]]) -> str:
    return "; ".join(
        f"{infos[target]['law']}, against what was {_how(target, route)}: {_words(difference.interval)}, "
        f"{difference.interval.n} seeds{'' if difference.adjusted_p_value <= 0.05 else ', not decided'}"
        for target, route, difference in found
    )


def match_verdict(infos: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Whether mapping afterwards matches the target as well as training for it does."""
    question = (
        "Is an embedding that was mapped to its prior after training as close to it as one trained for that prior?"
    )
    if not _routes(infos):
        return Verdict(question, "not measured", "the runs are not there")
    found = _against_mapped(infos, "sliced_w2")
    signs = [
        0 if difference.adjusted_p_value > 0.05 else 1 if difference.interval.estimate < 0 else -1
        for *_, difference in found
    ]
    closer, farther = signs.count(1), signs.count(-1)
    if closer == len(signs):
        answer = "yes, closer"
    elif farther:
        answer = f"closer in {closer}, farther in {farther} of {len(signs)}" if closer else "no"
    else:
        answer = f"closer in {closer} of {len(signs)}, else not decided" if closer else "not decided"
    info = next(iter(infos.values()))
    return Verdict(
        question,
        answer,
        f"sliced W₂ to N(0, I) on held-out images, after the prior's bijection to it, mapped minus trained for (below 0: the "
        f"mapped one is closer), capacity {info['capacity']:.2f} nats, Holm over {len(found)}: {_listed(infos, found)}. With "
        "noise before the map, training for a prior and mapping to it are the same, to the bit",
    )


def accuracy_verdict(infos: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Whether 5-NN accuracy differs between mapped embeddings and those trained for the target."""
    question = "Does mapping after training cost accuracy?"
    if not _routes(infos) or "normal" not in infos:
        return Verdict(question, "not measured", "the runs are not there")
    found = _against_mapped(infos, "knn")
    values = {target: _values(info["routes"]["mapped"], "knn") for target, info in infos.items()}
    others = [target for target in infos if target != "normal"]
    moved = paired_differences(values, [(target, "normal") for target in others])
    lost = [d for d in (*moved, *(d for *_, d in found)) if d.adjusted_p_value <= 0.05 and d.interval.estimate < 0]
    by_map = "; ".join(
        f"{infos[target]['law']} {_words(difference.interval)}"
        for target, difference in zip(others, moved, strict=True)
    )
    return Verdict(
        question,
        f"in {len(lost)} of {len(moved) + len(found)} comparisons" if lost else "no loss decided",
        f"5-NN accuracy on held-out images. Of the map alone, mapped minus N(0, I), Holm over {len(moved)}: {by_map}. Mapped "
        f"minus trained for the target, Holm over {len(found)}: {_listed(infos, found)}",
    )


def divergence_verdict(infos: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Statement 3.7 as estimates from finite samples have it: KL before and after the map, both less their bias."""
    question = "Is KL(f(X) ‖ prior) the same before and after the map, as Statement 3.7 says of bijections?"
    found = {}
    for target, info in infos.items():
        if target == "normal" or len(info["routes"]["mapped"]) < 2:
            continue
        bias = info["at_prior"]["knn_kl_after"] - info["at_prior"]["knn_kl"]
        differences = [record["knn_kl_after"] - record["knn_kl"] - bias for record in info["routes"]["mapped"]]
        found[info["law"]] = differences
    if not found:
        return Verdict(question, "not measured", "the runs are not there")
    intervals = {law: student_t(values, level=1 - 0.05 / len(found)) for law, values in found.items()}
    farthest = max(max(-interval.lower, interval.upper) for interval in intervals.values())
    listed = "; ".join(f"{law}: {_words(interval)}" for law, interval in intervals.items())
    return Verdict(
        question,
        f"to within {math.ceil(100 * farthest) / 100:.2f} nats",
        "by 5 nearest neighbours on held-out images, nats, after minus before, each less what samples of the prior itself give "
        f"(t-intervals over seeds that hold together with 95%): {listed}. The estimates' bias depends on the law, so that a "
        "map may change it. With noise the law of an embedding is known, and `noisedim verify statement-3.7` integrates both "
        "sides for trained encoders",
    )


def _table(infos: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = []
    for info in infos.values():
        for route, records in info["routes"].items():
            if len(records) < 2:
                continue
            rows.append(
                {
                    "prior": info["law"],
                    "how": _how(info["target"], route),
                    "not rejected": f"{sum(not record['rejected'] for record in records)} of {len(records)}",
                    "sliced W₂ (sd)": mean_and_half_width([record["sliced_w2"] for record in records]),
                    "D₂ (nats)": mean_and_half_width([record["d2"] for record in records]),
                    "5-NN": mean_and_half_width([record["knn"] for record in records]),
                    "linear": mean_and_half_width([record["linear"] for record in records]),
                    "training (s)": mean_and_half_width([record["train_seconds"] for record in records], digits=1),
                }
            )
    return Table(rows)


def _targets() -> list[tuple[str, Prior]]:
    from scipy import stats

    mixture = GaussianMixturePrior(
        [0.2, 0.5, 0.3], [[-3, 0], [2, 1], [0, 4]], [[[1, 0.8], [0.8, 1]], [[0.2, 0], [0, 1]], [[2, -1], [-1, 1]]]
    )
    return [
        ("gamma-beta", ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)])),
        ("mixture", mixture),
        ("disc", BallPrior(2)),
        ("sphere", SpherePrior(2)),
    ]


def _contours(prior: Prior, draws: np.ndarray, limits: tuple[tuple[float, float], ...]) -> Contours:
    """Highest-density regions: their levels are quantiles of the density over draws."""
    density = prior.log_prob(torch.from_numpy(draws)).exp().numpy()
    levels = tuple(float(np.quantile(density, 1 - share)) for share in _SHARES)
    x, y = (np.linspace(low, high, 160) for low, high in limits)
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    grid = prior.log_prob(torch.from_numpy(points)).exp().numpy().reshape(len(y), len(x))
    return Contours(x, y, grid, levels, _SHARES)


def _on_the_page(prior: Prior, z: np.ndarray) -> np.ndarray:
    """Rows in the plane: as they are, or of a sphere their longitude and height, which keep areas."""
    if prior.ambient_dim == 2:
        return z
    return np.stack([np.degrees(np.arctan2(z[:, 2], z[:, 1])), z[:, 0]], 1)


def _picture(name: str, prior: Prior, u: np.ndarray, labels: np.ndarray | None) -> Picture:
    z = prior.from_normal(torch.from_numpy(u)).numpy()
    draws = prior.sample(_DRAWS, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
    page, drawn = _on_the_page(prior, z), _on_the_page(prior, draws)
    both = np.concatenate([page, drawn[: len(page)], *([_EDGES[name]] * 5 if name in _EDGES else [])])
    low, high = np.quantile(both, 0.002, axis=0), np.quantile(both, 0.998, axis=0)
    margin = 0.06 * (high - low)
    limits = tuple((float(a - m), float(b + m)) for a, b, m in zip(low, high, margin, strict=True))
    edge = _EDGES.get(name)
    names = ("coordinate 1", "coordinate 2")
    what = "Dashed: the prior's regions of highest density that hold 50%, 90% and 99%."
    if edge is not None:
        what = "Dashed: the edge of the support."
    if prior.ambient_dim > 2:
        names = ("longitude (degrees)", "height (first coordinate)")
        what = "Longitude and height keep areas: uniform on the sphere is uniform here."
    figure = beside_draws_figure(
        page,
        labels,
        drawn[: len(page)],
        _contours(prior, draws, limits) if edge is None else None,
        limits=(limits[0], limits[1]),
        names=names,
        title=prior.law,
        edge=edge,
    )
    return draw(
        f"any-prior-{name}",
        figure,
        alt=f"Scatter plot of an embedding mapped to {prior.law}, beside as many draws of it",
        caption=f"{prior.law}: the embedding of N(0, I) after the map, and as many draws. {what}",
    )


def _pictures(sources: Sources) -> list[Block]:
    runs = [(config, sources.store.open(config)) for config in sources.encoders("seeds") if config.dim == 2]
    runs = [(config, folder) for config, folder in runs if folder.is_complete]
    if not runs:
        return [Notice(f"The runs that are mapped are not there yet: `{sources.command}` makes them.")]
    config, folder = runs[0]
    arrays = folder.read_embeddings()
    pictures = [
        _picture(name, prior, arrays["z"].astype(np.float64), arrays.get("labels")) for name, prior in _targets()
    ]
    words = (
        f"One encoder, trained for N(0, I) (σ = {config.noise.target(config.build_prior()):g}, seed {config.seed}, "
        f"{len(arrays['z']):,} images), its embedding mapped to four other priors without training anything again. A "
        "bijection keeps information and every divergence: whatever the battery says of the embedding under N(0, I), it says "
        "of each of these under its own prior."
    )
    return [Text(words), Pictures(pictures)]


def any_prior_section(sources: Sources) -> Section:
    """Pictures of mapped embeddings from the headline's runs; numbers from the benchmark."""
    found = [entry["extra_info"] for entry in entries(sources.results, "any prior")]
    infos = {info["target"]: info for info in found}
    pictures = _pictures(sources)
    if not infos:
        return Section(_TITLE, [], [*pictures, *absent(_TITLE, _FILES).blocks])
    first = next(iter(infos.values()))
    verdicts = [match_verdict(infos), accuracy_verdict(infos), divergence_verdict(infos)]
    text = Text(
        f"Mapped after training, beside trained for the target: {first['protocol']}; capacity "
        f"{first['capacity']:.2f} nats for both channels, fold 0 judges (n = {first['routes']['mapped'][0]['n']}). Distances "
        "are taken on the side of N(0, I), to be comparable across priors; accuracies in the prior's own coordinates. "
        "Noise in the target's own coordinates has the same σ, in units of the target's mean spread: that is not the same "
        "capacity, and like the other routes it was not tuned; it has fewer seeds, as its steps cost more."
    )
    return Section(_TITLE, verdicts, [*pictures, text, _table(infos)])
