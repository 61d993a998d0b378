"""What a training run is: frozen, validated, hashable configurations from which the command line is generated.

Where the run happens (device, data folder, progress display) is not part of it; everything that shapes the result is.
"""

from noisedim.training.config.data import DataConfig
from noisedim.training.config.noise import NoiseConfig
from noisedim.training.config.objective import ObjectiveConfig
from noisedim.training.config.train import TrainConfig
from noisedim.training.optimizers import OptimiserConfig

__all__ = ["DataConfig", "NoiseConfig", "ObjectiveConfig", "OptimiserConfig", "TrainConfig"]
