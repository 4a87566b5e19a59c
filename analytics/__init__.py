"""Samples to meaning: pure signal processing, and the store that keeps its results."""
