"""How fast and how lean Fivepoint is on this machine: measured, never asserted."""
