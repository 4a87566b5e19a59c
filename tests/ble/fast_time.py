"""An event loop whose clock jumps over every wait: hours of streaming in seconds, exactly timed."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")


def in_fast_time(story: Coroutine[Any, Any, T]) -> T:
    """Run a story whose parts all live in one loop and wait for nothing outside of it."""
    told: list[T] = []

    async def tell() -> None:  # asyncio writes out what a task returns, be it an hour of samples
        told.append(await story)

    with asyncio.Runner(loop_factory=_FastLoop) as runner:
        runner.run(tell())
    return told[0]


class _FastLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.skipped_s = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return self.skipped_s


class _Skipping(selectors.BaseSelector):
    """Where the loop would wait for a timer, its clock is put forward instead."""

    def __init__(self, loop: _FastLoop) -> None:
        self._loop = loop
        self._inner = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._inner.select()
        self._loop.skipped_s += max(0.0, timeout)
        return self._inner.select(0)

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()
