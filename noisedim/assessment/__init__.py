"""Whether an embedding follows its prior: the assessment, its certificate, and how both are read, shown and written."""

from noisedim.assessment.assess import assess
from noisedim.assessment.callback import AssessmentCallback
from noisedim.assessment.certificate import Certificate, certify
from noisedim.assessment.equivalence import Equivalence, equivalence
from noisedim.assessment.result import Assessment, TestResult
from noisedim.assessment.track import Track, track

__all__ = [
    "Assessment",
    "AssessmentCallback",
    "Certificate",
    "Equivalence",
    "TestResult",
    "Track",
    "assess",
    "certify",
    "equivalence",
    "track",
]
