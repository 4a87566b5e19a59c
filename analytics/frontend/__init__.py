"""From the samples of sensors to those of the body: gaps, orientation, axes, one time grid."""

from analytics.frontend.frontend import MAX_LAG_S, FrontEnd
from analytics.frontend.gathering import Gathering
from analytics.frontend.slip import SlipGuard

__all__ = ["MAX_LAG_S", "FrontEnd", "Gathering", "SlipGuard"]
