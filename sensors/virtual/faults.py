"""What goes wrong between a virtual sensor and its host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Everything is well by default.

    `loss` is the share of stream notifications that never arrive, `jitter_s` the longest delay of
    one (order is kept), `drift_ppm` how much faster the sensor's clock runs than true. The link
    drops every `drop_every_s` seconds of a stream and can be had again `away_s` later. The battery
    falls by `battery_percent_per_hour` of streaming; at 0 the sensor is gone.
    """

    loss: float = 0.0
    jitter_s: float = 0.0
    drift_ppm: float = 0.0
    drop_every_s: float | None = None
    away_s: float = 1.0
    battery_percent_per_hour: float = 0.0
