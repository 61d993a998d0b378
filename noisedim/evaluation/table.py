"""An assessment as text for people: the verdict first."""

from noisedim.evaluation.assess import Assessment
from noisedim.statistics.intervals import Interval

__all__ = ["print_assessment"]

_LAWS = {"normal": "N(0, I)", "uniform": "U[0, 1]^d"}


def print_assessment(assessment: Assessment) -> None:
    """Print verdict, tests and effect sizes to standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    law = _LAWS[assessment.prior]
    if assessment.rejected:
        worst = min(assessment.results, key=lambda result: result.adjusted_p_value)
        verdict = f"DEPARTS from {law}: {worst.words}"
    else:
        verdict = f"no departure from {law} found"
    console.print(
        f"{verdict} (n = {assessment.n:,}, d = {assessment.dim}, family-wise p = {assessment.p_value:.3g}, "
        f"alpha = {assessment.alpha:g})",
        highlight=False,
    )
    table = Table("test", "null", "p", "adjusted p", "a small p means")
    for result in assessment.results:
        table.add_row(result.name, result.null, f"{result.p_value:.3g}", f"{result.adjusted_p_value:.3g}", result.words)
    console.print(table)
    effects = ", ".join(
        f"{name} {value}" if isinstance(value, Interval) else f"{name} {value:.3g}"
        for name, value in assessment.effects.items()
    )
    console.print(f"effect sizes: {effects}", highlight=False)
