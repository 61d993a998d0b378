"""``noisedim certify``."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from noisedim.cli.options import read_rows

__all__ = ["Certify"]


@dataclass(frozen=True, kw_only=True)
class Certify:
    """Bound, with confidence, how far held-out embeddings plus noise are from the noisy prior.

    The exit code is 1 if no bound can be certified. What can be depends on rows, noise and dimension: rows from N(0, I)
    itself were certified at noise 1 from 500 rows on in 1 or 2 dimensions and from 1,000 on in 4 or 8; at noise 0.5 in 8
    dimensions 5,000 were needed. With fewer rows, a larger noise certifies a weaker statement.

    Example: noisedim certify held-out.npy --noise 1.0 (1,000 rows or more, 8 columns or fewer)
    """

    embeddings: tyro.conf.Positional[Path]
    """File of embeddings (n, d) of images that neither trained nor chose the encoder; see assess for its kinds."""
    noise: float
    """σ of the noise, or ε of the uniform prior's."""
    name: str | None = None
    """Which array of the file."""
    prior: str = "normal"
    """normal for N(0, I), uniform for U[0, 1]^d, or a prior file (.json, .safetensors)."""
    radius: float | None = None
    """Norm to which embeddings are clipped, chosen without looking at them; default the prior's 99.9% quantile."""
    level: float = 0.95
    """Probability with which the bound holds."""
    output: Path | None = None
    """.json file for the certificate."""

    def run(self) -> int:
        """Compute the bound and print it; 1 if it says nothing."""
        from dataclasses import asdict

        from noisedim.assessment.certificate import certify
        from noisedim.files import write_json_atomically

        z = read_rows(self.embeddings, self.name)
        certificate = certify(z, self.noise, prior=self.prior, radius=self.radius, level=self.level)
        if self.output is not None:
            write_json_atomically(self.output, asdict(certificate))
        print(certificate)
        return int(not certificate.certified)
