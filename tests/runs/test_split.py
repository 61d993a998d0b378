"""Which images train and which judge: what chose settings never judges."""

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.runs.split import split_images
from noisedim.training import DataConfig, TrainConfig

FOLDS = 4


def split(**data):
    return split_images(TrainConfig(data=DataConfig(limit=403, **data)))


def test_clean_folds_judge_by_every_image_that_chose_no_setting_once():
    chose = split(test_split=True, validate=True).held_out
    parts = [split(fold=fold, folds=FOLDS, clean_folds=True) for fold in range(FOLDS)]
    assert sorted(np.concatenate([chose, *(part.held_out for part in parts)])) == list(range(403))
    for part in parts:
        assert sorted(np.concatenate([part.train, part.held_out])) == list(range(403))
        assert np.isin(chose, part.train).all()
        assert (np.diff(part.train) > 0).all()
    # Without it some of them would judge.
    assert np.isin(chose, split(fold=0, folds=FOLDS).held_out).any()


@pytest.mark.parametrize("data", [{}, {"fold": 0, "validate": True}, {"test_split": True}])
def test_clean_folds_need_a_fold_that_judges(data):
    with pytest.raises(InvalidInputError, match=r"data.clean_folds needs data.fold"):
        DataConfig(clean_folds=True, **data)


def test_configurations_without_clean_folds_keep_their_digests():
    assert "clean_folds" not in str(TrainConfig(data=DataConfig(fold=0)).digest_content())
