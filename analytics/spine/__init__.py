"""The angle of the spine with its uncertainty, and where it was held extended."""

from analytics.spine.angle import SpineAngle
from analytics.spine.detector import SpineDetector, SpineSummary, Unseen, UnseenReason

__all__ = ["SpineAngle", "SpineDetector", "SpineSummary", "Unseen", "UnseenReason"]
