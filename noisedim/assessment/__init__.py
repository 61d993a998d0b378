"""Whether an embedding follows its prior: the assessment, its certificate, and how both are read, shown and written."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from noisedim.assessment.assess import assess
from noisedim.assessment.result import Assessment, TestResult

if TYPE_CHECKING:
    from noisedim.assessment.callback import AssessmentCallback
    from noisedim.assessment.certificate import Certificate, certify

__all__ = ["Assessment", "AssessmentCallback", "Certificate", "TestResult", "assess", "certify"]

# The callback needs the training loop, which an assessment does not. (`assess` must not be among these: its module has the
# same name, and would stand in its place.)
_LAZY = {
    "AssessmentCallback": "noisedim.assessment.callback",
    "Certificate": "noisedim.assessment.certificate",
    "certify": "noisedim.assessment.certificate",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'noisedim.assessment' has no attribute {name!r}")
