"""From findings to index.html (self-contained), README.md and figures, each written whole."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisedim.files import write_atomically, write_json_atomically, write_text_atomically
from noisedim.report.collect import Findings
from noisedim.report.figures import embedding_figure, figure_1, figure_style, training_figure
from noisedim.statistics.intervals import student_t

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["render"]

_SCORE_WORDS = {
    "knn": "5-NN",
    "naive_bayes": "naive Bayes",
    "mlp": "perceptron",
    "linear": "linear",
    "silhouette": "silhouette",
}


@dataclass(frozen=True)
class Picture:
    """A figure as files and as text for those who do not see it."""

    name: str
    png: bytes
    svg: str
    alt: str
    caption: str

    @property
    def data_uri(self) -> str:
        """The PNG inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


def _picture(name: str, figure: "Figure", alt: str, caption: str) -> Picture:
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    # Scatter plots have thousands of marks: as vectors they would weigh megabytes.
    for axes in figure.axes:
        for collection in axes.collections:
            collection.set_rasterized(True)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(name, png.getvalue(), svg.getvalue(), alt, caption)


def _pictures(findings: Findings) -> dict[str, list[Picture]]:
    import matplotlib as mpl
    import pandas as pd

    pictures: dict[str, list[Picture]] = {"figure_2": [], "figure_1": [], "training": []}
    with mpl.rc_context(figure_style()):  # type: ignore[arg-type]
        for number, item in enumerate(findings.embeddings, 1):
            figure = embedding_figure(item.z, item.labels, item.prior, title=item.title)
            alt = f"Scatter plot of a two-dimensional embedding with marginal histograms: {item.title}"
            pictures["figure_2"].append(_picture(f"figure-2-{number}", figure, alt, f"{item.title}. {item.words}."))
        frame = findings.frame("figure_1")
        if len(frame):
            classes = 10
            alt = "Information, match to the prior and downstream scores against the capacity of the channel"
            seeds = frame["seed"].nunique()
            caption = (
                f"Means and 95% t-intervals over {seeds} seeds, each of which leaves another fifth of the images out "
                f"and is measured on it (n = {int(frame['n'].min())}–{int(frame['n'].max())} images); dots are seeds. "
                "The vertical line is the least capacity that can hold the class, log 10 nats."
            )
            pictures["figure_1"].append(_picture("figure-1", figure_1(frame, classes=classes), alt, caption))
        if findings.metrics:
            frames = {
                title: pd.DataFrame(records).dropna(subset="bound") for title, records in findings.metrics.items()
            }
            frames = {title: own for title, own in frames.items() if len(own)}
            if frames:
                figure = training_figure(list(frames.values()), list(frames))
                alt = "Estimated information against the optimiser step, beside the capacity of the annealed channel"
                caption = (
                    "Training: the bound of one batch (solid) below the channel's capacity (dashed), which rises as "
                    "the noise is annealed to its target."
                )
                pictures["training"].append(_picture("training", figure, alt, caption))
    return pictures


def _headline_table(findings: Findings) -> list[dict[str, str]]:
    rows = []
    for row in sorted((r for r in findings.rows if r["role"] == "headline"), key=lambda r: r["seed"]):
        cells = {
            "seed": str(row["seed"]),
            "HZ p": f"{row['p_henze_zirkler']:.3f}",
            "family-wise p": f"{row['p_value']:.3f}",
            "information (nats)": f"{row['information']:.2f} of {row['capacity']:.2f}",
            "D₂ (nats)": f"{row['d2']:.4f}",
            "sliced W₂ (sd)": f"{row['sliced_w2']:.3f}",
        }
        cells |= {words: f"{row[name]:.3f}" for name, words in _SCORE_WORDS.items() if row.get(name) is not None}
        rows.append({**cells, "training (s)": f"{row['train_seconds']:.0f}"})
    return rows


def _figure_1_table(findings: Findings) -> list[dict[str, str]]:
    frame = findings.frame("figure_1")
    if not len(frame):
        return []
    rows = []
    for capacity, group in frame.groupby("capacity"):
        cells = {"capacity (nats)": f"{capacity:g}", "σ": f"{group['level'].iloc[0]:.3g}"}
        names = {"information": "information (nats)", "index_henze_zirkler": "HZ index", **_SCORE_WORDS}
        cells["not rejected"] = f"{int((~group['rejected'].astype(bool)).sum())} of {len(group)}"
        for name, words in names.items():
            if name in group and group[name].notna().any():
                interval = student_t(group[name].dropna().to_numpy())
                cells[words] = f"{interval.estimate:.3f} ± {interval.upper - interval.estimate:.3f}"
        rows.append(cells)
    return rows


def _provenance(findings: Findings) -> list[dict[str, str]]:
    rows = []
    for environment in findings.environments:
        packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items() if version)
        hardware = environment["accelerator"] or f"{environment['cpu']}, {environment['cores']} cores"
        rows.append(
            {
                "runs": str(environment["runs"]),
                "hardware": hardware,
                "system": environment["system"],
                "threads a run": str(environment["threads"]),
                "versions": f"Python {environment['python']}, {packages}",
                "commit": environment["commit"] or "installed package",
            }
        )
    return rows


def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    def autoescape(name: str | None) -> bool:
        return name is not None and name.endswith(".html.jinja")

    return Environment(
        loader=PackageLoader("noisedim.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(findings: Findings, output: Path) -> Path:
    """Write ``index.html``, ``README.md``, ``figures/`` and ``results/report.json`` under ``output``.

    Returns: the path of ``index.html``.

    Raises: StorageError: if a file cannot be written; the old one is intact.
    """
    pictures = _pictures(findings)
    command = f"python -m noisedim.report --profile {findings.plan.profile} --data {findings.plan.data}"
    context = {
        "plan": findings.plan,
        "findings": findings,
        "pictures": pictures,
        "headline_table": _headline_table(findings),
        "figure_1_table": _figure_1_table(findings),
        "provenance": _provenance(findings),
        "command": command,
        "runs": len({row["run"] for row in findings.rows}),
    }
    templates = _environment()
    for group in pictures.values():
        for picture in group:
            _write_picture(output / "figures", picture)
    write_json_atomically(
        output / "results" / "report.json",
        {"command": command, "rows": findings.rows, "environments": findings.environments, "failed": findings.failed},
    )
    write_text_atomically(output / "README.md", templates.get_template("report.md.jinja").render(context))
    write_text_atomically(output / "index.html", templates.get_template("report.html.jinja").render(context))
    return output / "index.html"


def _write_picture(folder: Path, picture: Picture) -> None:
    def write(file: Any) -> None:
        file.write(picture.png)

    write_atomically(folder / f"{picture.name}.png", write)
    if len(picture.svg) < 400_000:
        write_text_atomically(folder / f"{picture.name}.svg", picture.svg)
