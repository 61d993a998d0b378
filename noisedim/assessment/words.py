"""Sentences that every view of an assessment shares."""

__all__ = ["INDEX_WORDS", "MAPPED_WORDS"]

INDEX_WORDS = (
    "The index is the mean p-value over parts of about 50 rows: about 0.5 for a normal sample, but also for laws whose "
    "departure 50 rows do not show. A high index is therefore no evidence; the battery tests all rows together."
)
MAPPED_WORDS = (
    "Rows are mapped by the bijection that takes this prior to N(0, I); tests and effect sizes are of the mapped rows, in "
    "units of the normal. Divergences do not change under the map."
)
