"""BibTeX for exactly what was used: claims, objectives, tests."""

import json
from collections.abc import Iterable
from typing import Any

from noisedim.errors import InvalidInputError
from noisedim.theory.claims import claim

__all__ = ["BIBTEX", "bibtex", "keys_of_claim", "keys_of_config"]

BIBTEX: dict[str, str] = {
    "noisedim": """@software{noisedim,
  title = {noisedim: representations that follow a distribution you choose, and the evidence that they do},
  version = {0.1.0},
}""",
    "paper": """@misc{butakov2024efficient,
  title = {Efficient Distribution Matching of Representations via Noise-Injected Deep {InfoMax}},
  author = {Butakov, Ivan and Sememenko, Alexander and Tolmachev, Alexander and Gladkov, Andrey
            and Munkhoeva, Marina and Frolov, Alexey},
  year = {2024},
  eprint = {2410.06993},
  archivePrefix = {arXiv},
}""",
    "cover-thomas": """@book{cover2006elements,
  title = {Elements of Information Theory},
  author = {Cover, Thomas M. and Thomas, Joy A.},
  edition = {2},
  publisher = {Wiley},
  year = {2006},
}""",
    "polyanskiy-wu": """@book{polyanskiy2024information,
  title = {Information Theory: From Coding to Learning},
  author = {Polyanskiy, Yury and Wu, Yihong},
  publisher = {Cambridge University Press},
  year = {2024},
}""",
    "donsker-varadhan": """@article{donsker1983asymptotic,
  title = {Asymptotic evaluation of certain {Markov} process expectations for large time. {IV}},
  author = {Donsker, M. D. and Varadhan, S. R. S.},
  journal = {Communications on Pure and Applied Mathematics},
  volume = {36},
  number = {2},
  pages = {183--212},
  year = {1983},
}""",
    "nwj": """@article{nguyen2010estimating,
  title = {Estimating divergence functionals and the likelihood ratio by convex risk minimization},
  author = {Nguyen, XuanLong and Wainwright, Martin J. and Jordan, Michael I.},
  journal = {IEEE Transactions on Information Theory},
  volume = {56},
  number = {11},
  pages = {5847--5861},
  year = {2010},
}""",
    "mine": """@misc{belghazi2018mine,
  title = {{MINE}: Mutual Information Neural Estimation},
  author = {Belghazi, Mohamed Ishmael and Baratin, Aristide and Rajeswar, Sai and Ozair, Sherjil and Bengio, Yoshua
            and Courville, Aaron and Hjelm, R. Devon},
  year = {2018},
  eprint = {1801.04062},
  archivePrefix = {arXiv},
}""",
    "infonce": """@misc{oord2018representation,
  title = {Representation Learning with Contrastive Predictive Coding},
  author = {van den Oord, Aaron and Li, Yazhe and Vinyals, Oriol},
  year = {2018},
  eprint = {1807.03748},
  archivePrefix = {arXiv},
}""",
    "poole": """@misc{poole2019variational,
  title = {On Variational Bounds of Mutual Information},
  author = {Poole, Ben and Ozair, Sherjil and van den Oord, Aaron and Alemi, Alexander A. and Tucker, George},
  year = {2019},
  eprint = {1905.06922},
  archivePrefix = {arXiv},
}""",
    "vicreg": """@misc{bardes2021vicreg,
  title = {{VICReg}: Variance-Invariance-Covariance Regularization for Self-Supervised Learning},
  author = {Bardes, Adrien and Ponce, Jean and LeCun, Yann},
  year = {2021},
  eprint = {2105.04906},
  archivePrefix = {arXiv},
}""",
    "barlow": """@inproceedings{zbontar2021barlow,
  title = {Barlow Twins: Self-Supervised Learning via Redundancy Reduction},
  author = {Zbontar, Jure and Jing, Li and Misra, Ishan and LeCun, Yann and Deny, St{\\'e}phane},
  booktitle = {International Conference on Machine Learning},
  pages = {12310--12320},
  year = {2021},
}""",
    "simclr": """@misc{chen2020simple,
  title = {A Simple Framework for Contrastive Learning of Visual Representations},
  author = {Chen, Ting and Kornblith, Simon and Norouzi, Mohammad and Hinton, Geoffrey},
  year = {2020},
  eprint = {2002.05709},
  archivePrefix = {arXiv},
}""",
    "cgan": """@misc{mirza2014conditional,
  title = {Conditional Generative Adversarial Nets},
  author = {Mirza, Mehdi and Osindero, Simon},
  year = {2014},
  eprint = {1411.1784},
  archivePrefix = {arXiv},
}""",
    "projection-discriminator": """@misc{miyato2018cgans,
  title = {{cGANs} with Projection Discriminator},
  author = {Miyato, Takeru and Koyama, Masanori},
  year = {2018},
  eprint = {1802.05637},
  archivePrefix = {arXiv},
}""",
    "r1": """@misc{mescheder2018training,
  title = {Which Training Methods for {GANs} do actually Converge?},
  author = {Mescheder, Lars and Geiger, Andreas and Nowozin, Sebastian},
  year = {2018},
  eprint = {1801.04406},
  archivePrefix = {arXiv},
}""",
    "kid": """@misc{binkowski2018demystifying,
  title = {Demystifying {MMD} {GANs}},
  author = {Bi{\'n}kowski, Miko{\\l}aj and Sutherland, Danica J. and Arbel, Michael and Gretton, Arthur},
  year = {2018},
  eprint = {1801.01401},
  archivePrefix = {arXiv},
}""",
    "fid": """@misc{heusel2017gans,
  title = {{GANs} Trained by a Two Time-Scale Update Rule Converge to a Local {Nash} Equilibrium},
  author = {Heusel, Martin and Ramsauer, Hubert and Unterthiner, Thomas and Nessler, Bernhard and Hochreiter, Sepp},
  year = {2017},
  eprint = {1706.08500},
  archivePrefix = {arXiv},
}""",
    "precision-recall": """@misc{kynkaanniemi2019improved,
  title = {Improved Precision and Recall Metric for Assessing Generative Models},
  author = {Kynk{\"a}{\"a}nniemi, Tuomas and Karras, Tero and Laine, Samuli and Lehtinen, Jaakko and Aila, Timo},
  year = {2019},
  eprint = {1904.06991},
  archivePrefix = {arXiv},
}""",
    "mehler": """@article{mehler1866ueber,
  title = {Ueber die Entwicklung einer Function von beliebig vielen Variablen nach {Laplaceschen} Functionen
           h{\\"o}herer Ordnung},
  author = {Mehler, F. G.},
  journal = {Journal f{\\"u}r die reine und angewandte Mathematik},
  volume = {66},
  pages = {161--176},
  year = {1866},
}""",
    "renyi": """@article{vanerven2014renyi,
  title = {R{\\'e}nyi Divergence and {Kullback--Leibler} Divergence},
  author = {van Erven, Tim and Harremo{\\"e}s, Peter},
  journal = {IEEE Transactions on Information Theory},
  volume = {60},
  number = {7},
  pages = {3797--3820},
  year = {2014},
}""",
    "oettli": """@article{oettli1974capacity,
  title = {Capacity-achieving input distributions for some amplitude-limited channels with additive noise},
  author = {Oettli, W.},
  journal = {IEEE Transactions on Information Theory},
  volume = {20},
  number = {3},
  pages = {372--374},
  year = {1974},
}""",
    "blahut": """@article{blahut1972computation,
  title = {Computation of channel capacity and rate-distortion functions},
  author = {Blahut, Richard E.},
  journal = {IEEE Transactions on Information Theory},
  volume = {18},
  number = {4},
  pages = {460--473},
  year = {1972},
}""",
    "arimoto": """@article{arimoto1972algorithm,
  title = {An algorithm for computing the capacity of arbitrary discrete memoryless channels},
  author = {Arimoto, Suguru},
  journal = {IEEE Transactions on Information Theory},
  volume = {18},
  number = {1},
  pages = {14--20},
  year = {1972},
}""",
    "vovk-wang": """@article{vovk2020combining,
  title = {Combining p-values via averaging},
  author = {Vovk, Vladimir and Wang, Ruodu},
  journal = {Biometrika},
  volume = {107},
  number = {4},
  pages = {791--808},
  year = {2020},
}""",
    "rosenblatt": """@article{rosenblatt1952remarks,
  title = {Remarks on a Multivariate Transformation},
  author = {Rosenblatt, Murray},
  journal = {The Annals of Mathematical Statistics},
  volume = {23},
  number = {3},
  pages = {470--472},
  year = {1952},
}""",
    "neural-splines": """@misc{durkan2019neural,
  title = {Neural Spline Flows},
  author = {Durkan, Conor and Bekasov, Artur and Murray, Iain and Papamakarios, George},
  year = {2019},
  eprint = {1906.04032},
  archivePrefix = {arXiv},
}""",
    "henze-zirkler": """@article{henze1990class,
  title = {A class of invariant consistent tests for multivariate normality},
  author = {Henze, Norbert and Zirkler, Bernd},
  journal = {Communications in Statistics -- Theory and Methods},
  volume = {19},
  number = {10},
  pages = {3595--3617},
  year = {1990},
}""",
}

_OF_OBJECTIVE = {
    "dual": ("mehler",),
    "infonce": ("infonce", "poole"),
    "dv": ("donsker-varadhan", "mine"),
    "nwj": ("nwj",),
    "simclr": ("simclr",),
    "vicreg": ("vicreg",),
    "barlow-twins": ("barlow",),
}

# Priors whose map is somebody's: a mixture's conditional distribution functions, a flow's splines.
_OF_PRIOR = {"mixture": ("rosenblatt",), "flow": ("neural-splines",)}
_OF_GENERATORS = ("cgan", "projection-discriminator", "r1", "fid", "kid", "precision-recall")


def bibtex(keys: Iterable[str]) -> str:
    """The entries of these keys, each once, in the order given.

    Raises: InvalidInputError: for a key that is not there.

    >>> bibtex(["paper"]).splitlines()[0]
    '@misc{butakov2024efficient,'
    """
    entries = []
    for key in dict.fromkeys(keys):
        if key not in BIBTEX:
            raise InvalidInputError(f"reference must be one of {', '.join(BIBTEX)}; got {key!r}")
        entries.append(BIBTEX[key])
    return "\n\n".join(entries)


def keys_of_claim(claim_id: str) -> tuple[str, ...]:
    """What to cite for a claim."""
    return claim(claim_id).references


def keys_of_config(config: dict[str, Any]) -> tuple[str, ...]:
    """What to cite for a run, from its configuration as stored: the paper, the software, its objective, prior and test.

    >>> keys_of_config({"objective": {"name": "dual"}})
    ('paper', 'noisedim', 'mehler', 'henze-zirkler')
    """
    if "encoder" in config and isinstance(config["encoder"], dict):  # a generator on an encoder
        return (*keys_of_config(config["encoder"]), *_OF_GENERATORS)
    name = str(config.get("objective", {}).get("name", ""))
    text = str(config.get("prior", ""))
    kind = json.loads(text)["prior"] if text.startswith("{") else text
    return ("paper", "noisedim", *_OF_OBJECTIVE.get(name, ()), *_OF_PRIOR.get(kind, ()), "henze-zirkler")
