"""What does the match cost downstream? Accuracy from the records of `noisedim study methods`; embedding is timed here.

Peer: the same images through the reference method's encoder. A map fitted after training is not part of the time.
"""

import pytest

from noisedim.report.methods.entries import accuracy_entry, timed_config
from noisedim.report.methods.plan import CONTESTANTS, REFERENCE
from noisedim.training import embed
from noisedim.training.model import build_model


@pytest.mark.benchmark(group="downstream")
def test_accuracy(paired, benchmark, one_thread, records, small_digits, method):
    benchmark.extra_info |= {**accuracy_entry(method, records), "images": len(small_digits)}
    ours, theirs = (build_model(timed_config(own), tuple(small_digits.shape[1:])).eval() for own in (method, REFERENCE))
    paired(
        lambda: embed(ours, small_digits),
        lambda: embed(theirs, small_digits),
        subject=CONTESTANTS[method].words,
        peer_name=CONTESTANTS[REFERENCE].words,
    )
