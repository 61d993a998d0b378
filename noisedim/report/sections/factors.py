"""Other uses: does each coordinate of an embedding hold one factor of drawn shapes?"""

from collections.abc import Mapping, Sequence
from typing import Any

from noisedim.document.content import Block, Notice, Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import mean_and_half_width
from noisedim.report.benchmarks import absent, entries
from noisedim.report.study import Sources
from noisedim.report.use_figures import dots_figure
from noisedim.statistics.intervals import Interval
from noisedim.statistics.ranking import Difference, paired_differences

__all__ = ["axes_verdict", "factors_section", "others_verdict", "prior_verdict", "views_verdict"]

_TITLE = "Other uses: factors of the data"
_OURS = ("dual", "uniform-dual", "dual-moved")
_REFERENCES = ("perfect", "rotated")
_MEASURES = {
    "mig": "MIG",
    "mig_rotated": "MIG after random rotations",
    "disentanglement": "disentanglement (DCI)",
    "completeness": "completeness (DCI)",
    "informativeness": "informativeness (DCI)",
}

Infos = Mapping[str, Mapping[str, Any]]


def _values(info: Mapping[str, Any], name: str) -> dict[int, float]:
    return {record["seed"]: record[name] for record in info["records"] if record.get(name) is not None}


def _words(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} [{interval.lower:+.3f}, {interval.upper:+.3f}]"


def _sign(difference: Difference) -> int:
    """1 or −1 where the difference is decided at 5% after Holm, else 0."""
    if difference.adjusted_p_value > 0.05:
        return 0
    return 1 if difference.interval.estimate > 0 else -1


def _measured(infos: Infos, names: Sequence[str]) -> bool:
    return all(name in infos and len(infos[name]["records"]) > 1 for name in names)


def axes_verdict(infos: Infos) -> Verdict:
    """Whether coordinates hold more of single factors than a random rotation of the embedding does."""
    question = "Do the coordinates of a noise-injected embedding hold single factors more than its random rotations do?"
    names = [name for name in infos if name not in _REFERENCES and _measured(infos, [name])]
    names = [name for name in names if len(_values(infos[name], "mig_rotated")) > 1]
    ours = [name for name in names if name in _OURS]
    if not ours:
        return Verdict(question, "not measured", "the runs are not there")
    values = {f"{name} {kind}": _values(infos[name], kind) for name in names for kind in ("mig", "mig_rotated")}
    found = dict(
        zip(names, paired_differences(values, [(f"{name} mig", f"{name} mig_rotated") for name in names]), strict=True)
    )
    above = sum(_sign(found[name]) > 0 for name in ours)
    answer = "yes" if above == len(ours) else "in part" if above else "not decided"
    said = {1: "more", -1: "less", 0: "not decided"}
    listed = "; ".join(
        f"{infos[name]['words']}: {_words(difference.interval)}, {said[_sign(difference)]}"
        for name, difference in found.items()
    )
    return Verdict(
        question,
        answer,
        f"MIG minus its mean over random rotations, paired by seed, decided at 5% after Holm over {len(found)}; {listed}. "
        "N(0, I) and the dual under it do not change under rotations, so that they cannot ask for any axes; the cube can",
    )


def prior_verdict(infos: Infos) -> Verdict:
    """Whether U[0, 1]^d, which has axes, gives more disentangled coordinates than N(0, I), which has none."""
    question = "Does a uniform prior align coordinates with factors better than a normal one?"
    if not _measured(infos, ("dual", "uniform-dual")):
        return Verdict(question, "not measured", "the runs are not there")
    names = ("mig", "disentanglement", "mig_rotated")
    values = {f"{prior} {name}": _values(infos[prior], name) for prior in ("uniform-dual", "dual") for name in names}
    pairs = [(f"uniform-dual {name}", f"dual {name}") for name in names[:2]]
    found = paired_differences(values, pairs)
    rotated, own = paired_differences(
        values,
        [("uniform-dual mig_rotated", "dual mig_rotated"), ("uniform-dual mig", "uniform-dual mig_rotated")],
    )
    signs = [_sign(difference) for difference in found]
    # A gain that rotations keep is no alignment: some other embedding is better, not its axes.
    aligned = _sign(own) > 0
    if min(signs) > 0 and aligned:
        answer = "yes"
    elif max(signs) > 0:
        answer = "in part" if aligned else "higher, but not by its axes"
    else:
        answer = "no" if min(signs) < 0 else "not decided"
    listed = "; ".join(
        f"{_MEASURES[name]} {_words(difference.interval)}" for name, difference in zip(names, found, strict=False)
    )
    return Verdict(
        question,
        answer,
        f"uniform minus normal, paired by seed, decided at 5% after Holm over two; {listed}; after random rotations of both "
        f"(in normal coordinates) MIG {_words(rotated.interval)}; MIG of the uniform prior minus that of its own rotations "
        f"{_words(own.interval)}",
    )


def others_verdict(infos: Infos) -> Verdict:
    """Whether the dual's coordinates are more or less disentangled than those of other methods."""
    question = "Is a noise-injected embedding as disentangled as what others make?"
    others = [name for name in infos if name not in (*_OURS, *_REFERENCES) and _measured(infos, [name])]
    if not others or not _measured(infos, ("dual",)):
        return Verdict(question, "not measured", "the runs are not there")
    names = ("mig", "disentanglement")
    values = {f"{own} {name}": _values(infos[own], name) for own in ("dual", *others) for name in names}
    pairs = [(f"dual {name}", f"{other} {name}") for other in others for name in names]
    found = dict(
        zip([(other, name) for other in others for name in names], paired_differences(values, pairs), strict=True)
    )
    signs = [_sign(difference) for difference in found.values()]
    behind, ahead = signs.count(-1), signs.count(1)
    answer = "no" if behind and not ahead else "yes" if not behind and ahead else "in part" if behind else "not decided"
    said = {1: "more", -1: "less", 0: "not decided"}
    listed = "; ".join(
        f"{infos[other]['words']}, {_MEASURES[name]} {_words(difference.interval)}, {said[_sign(difference)]}"
        for (other, name), difference in found.items()
    )
    return Verdict(
        question,
        answer,
        f"{infos['dual']['words']} minus each, paired by seed, decided at 5% after Holm over {len(found)}; {listed}",
    )


def views_verdict(infos: Infos, factors: Sequence[str]) -> Verdict:
    """Whether an embedding whose views were shifted forgets where a shape is, and keeps more of the rest."""
    question = "Does what changes between the views decide what the embedding keeps?"
    if not _measured(infos, ("dual", "dual-moved")):
        return Verdict(question, "not measured", "the runs are not there")
    values = {
        f"{name} {factor}": {record["seed"]: record["accuracies"][i] for record in infos[name]["records"]}
        for name in ("dual", "dual-moved")
        for i, factor in enumerate(factors)
    }
    pairs = [(f"dual-moved {factor}", f"dual {factor}") for factor in factors]
    found = dict(zip(factors, paired_differences(values, pairs), strict=True))
    moved = [_sign(difference) for factor, difference in found.items() if factor in ("x", "y")]
    rest = [_sign(difference) for factor, difference in found.items() if factor not in ("x", "y")]
    lost, kept = max(moved) < 0, max(rest) > 0 and min(rest) >= 0
    answer = "yes" if lost and kept else "in part" if min(moved) < 0 or kept else "not decided"
    listed = "; ".join(f"{factor} {_words(difference.interval)}" for factor, difference in found.items())
    return Verdict(
        question,
        answer,
        "accuracy with which a factor is told from the embedding, views shifted minus views not shifted, paired by seed, "
        f"decided at 5% after Holm over {len(found)}: {listed}",
    )


def _table(infos: Infos) -> Table:
    rows = []
    for info in infos.values():
        cells = {"embedding": info["words"]}
        for name, words in _MEASURES.items():
            values = list(_values(info, name).values())
            cells[words] = mean_and_half_width(values) if len(values) > 1 else "–"
        rows.append(cells)
    return Table(rows)


def _accuracy_table(infos: Infos, factors: Sequence[str]) -> Table:
    rows = []
    for info in infos.values():
        cells = {"embedding": info["words"]}
        for i, factor in enumerate(factors):
            values = [record["accuracies"][i] for record in info["records"]]
            cells[factor] = mean_and_half_width(values) if len(values) > 1 else "–"
        rows.append(cells)
    return Table(rows)


def _figure_panels(infos: Infos) -> dict[str, dict[str, dict[str, list[float]]]]:
    panels: dict[str, dict[str, dict[str, list[float]]]] = {}
    for measure in ("mig", "disentanglement"):
        panel = panels.setdefault(_MEASURES[measure], {})
        for info in infos.values():
            panel[info["words"]] = {"as it is": list(_values(info, measure).values())}
            turned = list(_values(info, "mig_rotated").values())
            if measure == "mig" and turned:
                panel[info["words"]]["after random rotations"] = turned
    return panels


def factors_section(sources: Sources) -> Section:
    """MIG and DCI by method, with what the measures say of the factors themselves."""
    found = [entry["extra_info"] for entry in entries(sources.results, "factors")]
    infos: Infos = {info["variant"]: info for info in found if info["records"]}
    if not infos:
        return absent(_TITLE, ["benchmarks/test_uses.py"])
    factors: list[str] = next((info["factors"] for info in infos.values() if "factors" in info), [])
    first = next(iter(infos.values()))
    floor = first["records"][0]["mig_at_independence"]
    blocks: list[Block] = [
        Notice(f"{info['words']}, seed {failure['seed']} failed: {failure['error']}")
        for info in found
        for failure in info["failed"]
    ]
    picture = draw(
        "factors",
        dots_figure(_figure_panels(infos)),
        alt="Mutual information gap and disentanglement by method",
        caption=f"Means over {len(first['records'])} seeds with 95% t-intervals, every seed as a dot; held-out shapes.",
    )
    trained = next((info for info in infos.values() if "steps" in info), None)
    protocol = f", {trained['steps']:,} steps of {trained['batch_size']}" if trained else ""
    blocks += [
        Text(
            "Shapes: 3,072 drawn images of 16×16, every combination of shape, size, x, y and brightness once; one half "
            f"trains, the other judges (n = {first['records'][0]['n']:,}), d = {first['dim']}{protocol}, usual settings, no "
            "tuning. Views differ by pixel noise, and in one variant by shifts too. MIG counts in 20 bins of equal "
            "frequency, so that increasing maps of a coordinate change nothing and priors of different shape are compared "
            f"alike; with nothing to find, counting alone gives {floor:.3f}. The factors themselves and their random "
            "rotation show what the measures can say. ± is half of a 95% t-interval over seeds."
        ),
        Pictures([picture]),
        _table(infos),
    ]
    if factors:
        blocks += [
            Text("Accuracy with which a random forest tells each factor from the embedding:"),
            _accuracy_table(infos, factors),
        ]
    unfinished = [r["seed"] for info in infos.values() for r in info["records"] if r.get("converged") is False]
    if unfinished:
        blocks.append(Text(f"ICA of the pixels had not converged after its 500 iterations in {len(unfinished)} seeds."))
    verdicts = [prior_verdict(infos), axes_verdict(infos), others_verdict(infos), views_verdict(infos, factors)]
    return Section(_TITLE, verdicts, blocks)
