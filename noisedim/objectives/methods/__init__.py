"""The one table of methods: an objective is one file of this folder and one line here."""

from noisedim.objectives.method import Method
from noisedim.objectives.methods import (
    adversarial,
    align_uniform,
    barlow_twins,
    donsker_varadhan,
    infonce,
    noisy_autoencoder,
    nwj,
    sigreg,
    simclr,
    sliced_sigreg,
    variational,
    vicreg,
    w_mse,
    wasserstein,
)
from noisedim.objectives.methods.duals import adaptive_dual, dual, linear_dual, row_dual

__all__ = ["METHODS"]

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        dual.METHOD,
        row_dual.METHOD,
        row_dual.ADAPTIVE,
        adaptive_dual.METHOD,
        linear_dual.METHOD,
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
        sliced_sigreg.METHOD,
        adversarial.METHOD,
        variational.METHOD,
        wasserstein.WAE_MMD,
        wasserstein.SLICED,
    )
}
