"""Loops compiled to machine code, kept on disk until something that they are made of changes."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F, *, fastmath: bool | set[str]) -> F:
    """The function as machine code, which is taken from disk if it was compiled before.

    `fastmath` are the liberties that numba's compiler may take with arithmetic.
    """
    njit = partial(numba.njit, nogil=True, error_model="numpy", fastmath=fastmath)
    try:
        return cast(F, njit(function, cache=True))
    except RuntimeError:  # no folder to keep it in can be written: compile at every start
        return cast(F, njit(function))


@cache
def made_of(function: Callable[..., Any]) -> str:
    """A digest of all that goes into the machine code of a function.

    That is its file, and of what the file imports by name the numbers and the compiled loops, with
    all that these are made of. Numba alone looks at the file, and would go on with code into which
    an older number or loop of another file is compiled.
    """
    digest = hashlib.sha256(Path(inspect.getfile(function)).read_bytes())
    for name, value in sorted(function.__globals__.items()):
        loop = getattr(value, "py_func", None)
        if loop is not None and loop.__globals__ is not function.__globals__:
            digest.update(f"{name}: {made_of(loop)}".encode())
        elif isinstance(value, int | float | np.number):
            digest.update(f"{name}: {value!r}".encode())
    return digest.hexdigest()


class _Keeping:
    """A place for machine code, for which it holds as long as what it is made of."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        super().__init__(function, file)  # type: ignore[call-arg]
        self._made_of = made_of(function)

    def get_source_stamp(self) -> str:
        return self._made_of


class WhereAsked(_Keeping, UserProvidedCacheLocator):
    """In the folder that the environment variable NUMBA_CACHE_DIR names."""


class BesideSource(_Keeping, InTreeCacheLocator):
    """In `__pycache__` beside the source."""


class WithUser(_Keeping, UserWideCacheLocator):
    """In the user's own cache, if the source is somebody else's."""


def _start_numba_without_blas() -> None:
    """Spare numba's look for BLAS, which loads scipy.linalg: 17 MB that no kernel here needs.

    Kernels write sums of products out, so that they always add in the same order.
    """
    if "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules["scipy.linalg"]


_start_numba_without_blas()
numba.config.CACHE_LOCATOR_CLASSES = ",".join(  # type: ignore[attr-defined]
    f"{__name__}.{place.__name__}" for place in (WhereAsked, BesideSource, WithUser)
)
