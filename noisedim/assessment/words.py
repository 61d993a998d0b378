"""Sentences that every view of an assessment says alike."""

__all__ = ["INDEX_WORDS", "MAPPED_WORDS"]

INDEX_WORDS = (
    "The index averages p-values of parts of some 50 rows: about 0.5 for a normal sample, and also for laws whose departure "
    "50 rows do not show, so a high index is no evidence; the battery tests all rows at once."
)
MAPPED_WORDS = (
    "Tests and effect sizes are those of the rows after the bijection that takes this prior to N(0, I): units are the "
    "normal's, divergences are the same on both sides."
)
