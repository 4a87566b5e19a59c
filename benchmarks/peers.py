"""What other packages take for the same samples: orientation, wear, getting up from a chair."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from sensors.types import GRAVITY_MS2, Chunk, FloatArray, by_placement

Run = Callable[[], None]


def peers(chunks: Sequence[Chunk], rate_hz: float) -> Iterator[tuple[str, Run | None]]:
    """What each does, and a call that does it with all samples; None where it is not installed.

    None of them finds posture, extension, bridges or falls: they are here for their pace alone. The
    copy tells what the memory would allow. The packages are those of the extra `benchmark`.
    """
    yield "copied by numpy", partial(_copied, chunks)
    yield "orientation by vqf", _vqf(chunks, rate_hz) if find_spec("vqf") else None
    yield (
        "low-pass, calibration and non-wear by actipy",
        _actipy(chunks, rate_hz) if find_spec("actipy") else None,
    )
    yield (
        "sit-to-stand by scikit-digital-health",
        _sit_to_stand(chunks) if find_spec("skdh") else None,
    )


def _copied(chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        chunk.t_s.copy(), chunk.acc.copy()
        if chunk.gyro is not None:
            chunk.gyro.copy()


def _vqf(chunks: Sequence[Chunk], rate_hz: float) -> Run:
    vqf = import_module("vqf")

    def run() -> None:
        filters = {chunk.placement: vqf.VQF(1 / rate_hz) for chunk in chunks}
        for chunk in chunks:
            filters[chunk.placement].updateBatch(chunk.gyro, chunk.acc)

    return run


def _actipy(chunks: Sequence[Chunk], rate_hz: float) -> Run:
    processing, pandas = import_module("actipy.processing"), import_module("pandas")
    frames = [
        pandas.DataFrame(acc_g, columns=list("xyz"), index=pandas.to_datetime(t_s, unit="s"))
        for t_s, acc_g in _streams(chunks)
    ]

    def run() -> None:
        for frame in frames:
            smooth, _ = processing.lowpass(frame, rate_hz)
            calibrated, _ = processing.calibrate_gravity(smooth)
            processing.flag_nonwear(calibrated)

    return _quiet(run)


def _sit_to_stand(chunks: Sequence[Chunk]) -> Run:
    sit2stand = import_module("skdh.sit2stand")
    streams = _streams(chunks)

    def run() -> None:
        for t_s, acc_g in streams:
            sit2stand.Sit2Stand().predict(time=t_s, accel=acc_g)

    return _quiet(run)


def _quiet(run: Run) -> Run:
    """The same without its messages, which are about the data and not about time."""

    def quiet() -> None:
        logging.disable(logging.INFO)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run()
        logging.disable(logging.NOTSET)

    return quiet


def _streams(chunks: Sequence[Chunk]) -> list[tuple[FloatArray, FloatArray]]:
    """Times (n,) and acceleration (n, 3) in g of each sensor, in one piece."""
    return [(own.t_s, own.acc / GRAVITY_MS2) for own in by_placement(chunks).values()]
