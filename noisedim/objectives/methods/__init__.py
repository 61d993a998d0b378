"""The one table of methods: an objective is one file of this folder and one line here."""

from noisedim.objectives.method import Method
from noisedim.objectives.methods import (
    adversarial,
    align_uniform,
    barlow_twins,
    donsker_varadhan,
    dual,
    infonce,
    noisy_autoencoder,
    nwj,
    sigreg,
    simclr,
    variational,
    vicreg,
    w_mse,
    wasserstein,
)

__all__ = ["METHODS"]

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        dual.METHOD,
        infonce.METHOD,
        donsker_varadhan.METHOD,
        nwj.METHOD,
        noisy_autoencoder.METHOD,
        simclr.METHOD,
        align_uniform.METHOD,
        vicreg.METHOD,
        barlow_twins.METHOD,
        w_mse.METHOD,
        sigreg.METHOD,
        adversarial.METHOD,
        variational.METHOD,
        wasserstein.WAE_MMD,
        wasserstein.SLICED,
    )
}
