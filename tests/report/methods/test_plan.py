"""The plan: which images judge which run."""

from noisedim.report.methods.plan import CONTESTANTS, FOLD, REFERENCE, STUDY, Case, case_of


def test_in_the_cross_validation_every_fold_judges_every_setting_once():
    cells = STUDY.profile("mnist-8-rivals")
    settings = {(cell.labels["method"], cell.labels["dial"]) for cell in cells}
    folds = {cell.config.seed: cell.config.data for cell in cells}
    assert len(cells) == len(settings) * len(folds)
    assert [data.fold for data in folds.values()] == list(range(folds[min(folds)].folds))
    assert all(cell.labels[FOLD] == cell.config.data.fold and cell.config.data.clean_folds for cell in cells)


def test_confirmations_have_new_seeds_or_another_encoder_and_the_reference():
    for profile in STUDY.cells:
        cells = STUDY.profile(profile)
        assert {str(cell.labels["method"]) for cell in cells} <= CONTESTANTS.keys()
        assert any(cell.labels["method"] == REFERENCE for cell in cells)
        if "rivals" in profile:
            dim = int(cells[0].labels["dim"])
            before = profile.removesuffix("-rivals") if dim != 8 or "convnet" in profile else "mnist"
            pilot = {cell.config.seed for cell in STUDY.profile(before)}
            assert not pilot & {cell.config.seed for cell in cells}


def test_what_a_profile_is_about():
    assert case_of("mnist", 8) == Case(8)
    assert case_of("mnist-32", 32) == Case(32)
    first, again = case_of("mnist-convnet", 8), case_of("mnist-convnet-rivals", 8)
    assert (first.encoder, first.repeats_convnet, first.headline) == ("convnet", False, 0.945)
    assert (again.encoder, again.repeats_convnet, again.headline) == ("convnet", True, 0.94)
    assert Case(8).headline == 0.9
    assert case_of("mnist-8-rivals", 8).folds == 20
    assert len({case_of(profile, 8).words for profile in ("mnist", "mnist-convnet", "mnist-8-rivals")}) == 3
