"""Bridges, the five-point support: found, timed and judged."""

from analytics.bridging.detector import BridgingDetector, BridgingParams

__all__ = ["BridgingDetector", "BridgingParams"]
