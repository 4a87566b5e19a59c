"""The one base class of errors that people are meant to read."""


class FivepointError(Exception):
    """Says in one line what went wrong, what follows from it and what to do about it."""
