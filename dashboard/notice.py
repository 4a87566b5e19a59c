"""What Fivepoint is not, said wherever people might take it for that."""

from __future__ import annotations

NOTICE = (
    "Fivepoint is not a medical device and not an emergency service. "
    "In an emergency, call your local emergency number."
)
