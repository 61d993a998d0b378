"""How well does each method match the prior? Quality from the records of `noisedim study methods`; a step is timed here.

Peer: a step of the reference method, timed in turn. Images are digits at the study's size: pixels change no time.
"""

import pytest

from noisedim.report.methods.entries import match_entry, timed_config
from noisedim.report.methods.plan import CONTESTANTS, REFERENCE
from noisedim.training.loop import Trainer

# What a step costs does not depend on whether its noise can be seen.
pytestmark = pytest.mark.filterwarnings("ignore:the channel's capacity of")

_PROGRAM = """
import warnings
from noisedim.training import TrainConfig
from noisedim.training.loop import Trainer
warnings.simplefilter("ignore", UserWarning)
images = torch.rand(2048, 1, 12, 12)
def prepare(settings):
    config = TrainConfig.from_dict(settings)
    def work():
        trainer = Trainer(config, images, device="cpu")
        trainer.step()
        trainer.step()
    return work
"""


@pytest.fixture(scope="session")
def peaks(contestants, peak_bytes):
    """Memory that weights, optimiser and two steps of each method take at their peak; empty where it cannot be read."""
    found = peak_bytes(_PROGRAM, [[timed_config(method).to_dict()] for method in contestants])
    return dict(zip(contestants, found, strict=True)) if found else {}


@pytest.mark.benchmark(group="quality")
def test_match(paired, benchmark, one_thread, records, small_digits, method, peaks):
    config = timed_config(method)
    benchmark.extra_info |= match_entry(method, records)
    benchmark.extra_info |= {"peak_bytes": peaks.get(method), "batch_size": config.batch_size}
    ours, theirs = (Trainer(own, small_digits, device="cpu") for own in (config, timed_config(REFERENCE)))
    paired(ours.step, theirs.step, subject=CONTESTANTS[method].words, peer_name=CONTESTANTS[REFERENCE].words)
