"""How much memory an assessment of many rows takes, in copies of them."""

import tracemalloc

import numpy as np

from noisedim.assessment import assess

# The rows in double precision, and as many whitened, or halves of them in which directions are searched. Before parts were
# released it was 5.
_MOST_COPIES = 2.4


def test_an_assessment_holds_few_copies_of_its_rows():
    rng = np.random.default_rng(0)
    assess(rng.standard_normal((100, 2)), n_star=False).to_html()  # imports what a page needs
    z = rng.standard_normal((150_000, 64), dtype=np.float32)
    tracemalloc.start()
    try:
        assessment = assess(z, n_star=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assessment.to_html()
        peak_of_page = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    copy = 2 * z.nbytes
    assert peak < _MOST_COPIES * copy
    assert peak_of_page < _MOST_COPIES * copy
