"""How well Fivepoint measures, on recordings whose truth is known."""
