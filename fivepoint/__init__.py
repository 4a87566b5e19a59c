"""The assembled product: commands, settings, and the processes that run at home."""
