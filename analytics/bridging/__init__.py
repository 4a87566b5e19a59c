"""Bridges, the five-point support: found, timed and judged."""

from analytics.bridging.detector import BridgingDetector

__all__ = ["BridgingDetector"]
