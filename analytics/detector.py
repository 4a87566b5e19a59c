"""What every detector is, and how one is run over a whole recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.body import BodyChunk
from analytics.compiling import compiled
from analytics.events import Event

F = TypeVar("F", bound=Callable[..., Any])

Variables: TypeAlias = NDArray[np.void]
"""Named numbers, as a structured array without axes."""


class Detector(Protocol):
    """Turns body samples into events, a chunk at a time.

    The events do not depend on where the stream is cut into chunks, so that live, replay and batch
    agree bit for bit.
    """

    def update(self, chunk: BodyChunk) -> list[Event]:
        """Take the next samples; return the events they completed, in order of completion."""
        ...

    def finish(self) -> list[Event]:
        """The stream has ended: return the events that were still open."""
        ...


def detect(detector: Detector, chunks: Iterable[BodyChunk]) -> list[Event]:
    """All events of a whole stream: batch is a loop over the streaming detector."""
    events = [event for chunk in chunks for event in detector.update(chunk)]
    return events + detector.finish()


def kernel(function: F) -> F:
    """Compile a plain per-sample loop to machine code, kept on disk for the next start.

    Strict IEEE arithmetic (no fastmath), so that results do not depend on how loops are cut. What
    is divided by zero is infinite or not a number, as in numpy: nothing looks at each divisor.
    """
    return compiled(function, fastmath=False)


def fused_kernel(function: F) -> F:
    """The same, but a product and the sum it goes into are rounded once where the processor can.

    For a loop that carries its state from each sample to the next: it is computed in one way only,
    so that here too results do not depend on how it is cut. They may differ between processors.
    """
    return compiled(function, fastmath={"contract"})


def variables(**fields: float) -> Variables:
    """Named numbers that a kernel can read and write: a detector's parameters or its state.

    Every field is a float64 (whole numbers up to 2⁵³ are exact). A kernel opens them with
    `opened` and writes in place; elsewhere they are read by name, as `state["index"]`. Handing
    them over takes a third of a microsecond, however many they are; a record takes a tenth for
    each field.
    """
    dtype = np.dtype([(name, np.float64) for name in fields])
    return np.array(tuple(fields.values()), dtype)


@kernel
def opened(named: Variables) -> Any:
    """Within a kernel: the fields as attributes."""
    return named[()]
