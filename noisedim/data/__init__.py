"""Images, their second views, and batches of them, all on the device."""

from noisedim.data.augmentation import AugmentationConfig, augment, second_view
from noisedim.data.batches import BatchSampler, SameKey, check_batch, resident
from noisedim.data.sets import ImageSet, load_images, stratified_fold
from noisedim.data.views import ViewsConfig, apply_views, draw_views

__all__ = [
    "AugmentationConfig",
    "BatchSampler",
    "ImageSet",
    "SameKey",
    "ViewsConfig",
    "apply_views",
    "augment",
    "check_batch",
    "draw_views",
    "load_images",
    "resident",
    "second_view",
    "stratified_fold",
]
