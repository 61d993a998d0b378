"""Images, their second views, and batches of them, all on the device."""

from noisedim.data.augmentation import AugmentationConfig, augment, second_view
from noisedim.data.batches import BatchSampler
from noisedim.data.sets import ImageSet, load_images, stratified_fold

__all__ = ["AugmentationConfig", "BatchSampler", "ImageSet", "augment", "load_images", "second_view", "stratified_fold"]
