"""The alarm as it sounds: tones made here, played by what the system has."""

from __future__ import annotations

import math
import shutil
import struct
import subprocess
import sys
import wave
from pathlib import Path
from typing import NamedTuple

PLAYERS = ("paplay", "pw-play", "aplay", "afplay")
"""Programs that play a file, of PulseAudio, PipeWire, ALSA and macOS."""

_RATE_HZ = 22_050
_FADE_S = 0.01
_PLAYING_S = 5.0


class _Tone(NamedTuple):
    """Beeps of two pitches in turn, and a pause."""

    pitches_hz: tuple[float, ...]
    beep_s: float
    pause_s: float
    volume: float


_TONES = {
    1: _Tone((660.0, 880.0), 0.25, 1.5, 0.35),
    2: _Tone((660.0, 880.0, 660.0, 880.0), 0.2, 0.9, 0.65),
    3: _Tone((880.0, 1175.0, 880.0, 1175.0, 880.0, 1175.0), 0.15, 0.3, 1.0),
}


class Siren:
    """Plays the tone that is wanted over and over, without anybody waiting for it."""

    def __init__(self, folder: Path) -> None:
        self._files = {level: _written(folder, level) for level in _TONES}
        self._level = 0
        self._playing: subprocess.Popen[bytes] | None = None

    def sound(self, level: int) -> None:
        """Sound at this level from now on, 0 for not at all; to be called a few times a second."""
        changed = level != self._level
        self._level = level
        if changed:
            self.stop()
        if level and (self._playing is None or self._playing.poll() is not None):
            self._playing = _start(self._files[level])
            if self._playing is None:
                print("\a", end="", flush=True)  # the terminal's bell is better than silence

    def stop(self) -> None:
        """Be quiet at once."""
        if self._playing is not None and self._playing.poll() is None:
            self._playing.terminate()
            self._playing.wait()
        self._playing = None


def can_play(folder: Path, level: int | None = None) -> bool:
    """Whether a tone, or with no level a silent one, is played without a complaint."""
    playing = _start(_written(folder, level))
    if playing is None:
        return False
    try:
        return playing.wait(_PLAYING_S) == 0
    except subprocess.TimeoutExpired:
        playing.kill()
        playing.wait()
        return False


def _start(file: Path) -> subprocess.Popen[bytes] | None:
    player = next(filter(None, map(shutil.which, PLAYERS)), None)
    if sys.platform == "win32":
        code = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME)"
        command = [sys.executable, "-c", code, str(file)]
    elif player is not None:
        command = [player, str(file)]
    else:
        return None
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _written(folder: Path, level: int | None) -> Path:
    """The file of a tone, made if it is not there."""
    tone = _TONES[1]._replace(volume=0.0) if level is None else _TONES[level]
    file = folder / f"tone-{level or 'silent'}.wav"
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(_RATE_HZ)
        written.writeframes(_samples(tone))
    return file


def _samples(tone: _Tone) -> bytes:
    """Sine beeps with soft edges, so that they do not click."""
    values: list[int] = []
    count = round(tone.beep_s * _RATE_HZ)
    for pitch_hz in tone.pitches_hz:
        for i in range(count):
            edge_s = min(i, count - i) / _RATE_HZ
            loud = 32_000.0 * tone.volume * min(edge_s / _FADE_S, 1.0)
            values.append(round(loud * math.sin(2.0 * math.pi * pitch_hz * i / _RATE_HZ)))
    values += [0] * round(tone.pause_s * _RATE_HZ)
    return struct.pack(f"<{len(values)}h", *values)
