"""Falls: impacts judged by what surrounds them, and slides to the floor."""

from analytics.falls.detector import FallDetector, FallParams

__all__ = ["FallDetector", "FallParams"]
