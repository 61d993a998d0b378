"""Figure 2 in words: what each picture shows, and how the embeddings were trained."""

from noisedim.assessment.table import p_equals
from noisedim.document.content import Block, Picture, Pictures, Section, Text, draw
from noisedim.report.embeddings.figures import embedding_figure, training_figure
from noisedim.report.records import EncoderRecord
from noisedim.report.study import Sources
from noisedim.runs.run import Run
from noisedim.training import TrainConfig

__all__ = ["embeddings_section"]

_TITLE = "Two-dimensional embeddings (the paper's Figure 2)"
_LAWS = {"normal": "N(0, I)", "uniform": "U[0, 1]²"}
_SYMBOLS = {"sigma": "σ", "epsilon": "ε"}


def embeddings_section(sources: Sources) -> Section | None:
    """Figure 2: one scatter plot per run, and the runs' training; None without runs."""
    runs = [(config, sources.store.find(config)) for config in sources.encoders("embeddings") if config.dim == 2]
    runs = [(config, folder) for config, folder in runs if folder.is_complete]
    if not runs:
        return None
    blocks: list[Block] = [
        Text(
            "Each point is an image, coloured by its class and named at the class's medoid; the encoder saw no labels. "
            "Dashed: the prior (its 50%, 90% and 99% regions, or the unit square). At the edges: the marginals and the "
            "prior's density."
        ),
        Pictures([_picture(number, config, folder) for number, (config, folder) in enumerate(runs, 1)]),
    ]
    training = _training_picture(runs)
    if training is not None:
        blocks.append(Pictures([training]))
    return Section(_TITLE, [], blocks)


def _title(config: TrainConfig) -> str:
    prior = config.build_prior()
    return f"{_LAWS[config.prior]}, {_SYMBOLS[prior.level_name]} = {config.noise.target(prior):g}"


def _picture(number: int, config: TrainConfig, folder: Run) -> Picture:
    arrays, record = folder.read_embeddings(), EncoderRecord.from_run(folder.read_record())
    title = _title(config)
    found = "departs from" if record.rejected else "shows no departure from"
    caption = (
        f"{title}. {record.objective_words}, seed {record.seed}; the battery on all {record.n:,} images (which trained) "
        f"{found} {_LAWS[record.prior]}: family-wise {p_equals(record.p_value)}"
    )
    if "knn" in record.measures:
        caption += f"; 5-NN accuracy {record.measures['knn']:.3f}"
    alt = f"Scatter plot of a two-dimensional embedding with marginal histograms: {title}"
    figure = embedding_figure(arrays["z"], arrays.get("labels"), record.prior, title=title)
    return draw(f"figure-2-{number}", figure, alt=alt, caption=caption + ".")


def _training_picture(runs: list[tuple[TrainConfig, Run]]) -> Picture | None:
    import pandas as pd

    frames = {_title(config): pd.DataFrame(folder.read_metrics()).dropna(subset="bound") for config, folder in runs}
    # The dual for the uniform prior estimates no information, so there is nothing to draw.
    frames = {title: frame for title, frame in frames.items() if len(frame)}
    if not frames:
        return None
    return draw(
        "training",
        training_figure(list(frames.values()), list(frames)),
        alt="Estimated information against the optimiser step, with the capacity of the annealed channel",
        caption="Training: the bound of one batch (solid) and the channel's capacity (dashed), which rises as the noise is "
        "annealed to its target.",
    )
