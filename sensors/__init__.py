"""Bytes to samples: sensors, recordings and where samples come from; knows no rehabilitation."""
