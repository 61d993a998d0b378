"""noisedim's docstrings in the form that mkdocstrings reads."""

import pytest

pytest.importorskip("griffe")
pytest.importorskip("latex2mathml")

from noisedim.docs.docstrings import as_markdown


def test_sections_of_one_line_are_paragraphs_with_their_continuation():
    text = "Words.\n\nReturns: nats; ``inf``\n    beyond.\n\nRaises: InvalidInputError: for NaN."
    assert as_markdown(text) == (
        "Words.\n\n\n**Returns:** nats; ``inf``\nbeyond.\n\n\n**Raises:** InvalidInputError: for NaN."
    )


def test_entries_for_several_names_are_one_each():
    text = "Args:\n    mean, variance: both, in nats.\n    *rest: others."
    assert as_markdown(text) == "Args:\n    variance: see mean.\n    mean: both, in nats.\n    *rest: others."


def test_roles_are_code_and_examples_are_fenced():
    assert as_markdown(":class:`~noisedim.channel.NoisyChannel` and :func:`assess`") == "`NoisyChannel` and `assess`"
    assert as_markdown("A.\n\n>>> 1 + 1\n2\n\nB.") == "A.\n\n\n```pycon\n>>> 1 + 1\n2\n```\n\nB."


def test_formulas_are_mathml():
    made = as_markdown("Words.\n\n.. math:: C = \\tfrac d2\n    \\log(1)\n\nMore :math:`x^2`.")
    assert 'display="block"' in made
    assert "<mfrac>" in made
    assert "<msup>" in made
    assert made.endswith(".")
    assert ".. math" not in made
    assert ":math:" not in made
