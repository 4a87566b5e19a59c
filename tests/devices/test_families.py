"""What every family keeps, whatever its protocol."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.family import Battery, CodecError, Family, Reply, Samples, Write
from sensors.types import Clock, Placement
from tests.devices.talking import (
    ALL_FAMILIES,
    damaged,
    heard,
    many_damaged,
    motion,
    only_samples,
    say,
    settings_of,
    started,
    streamed,
    survives,
)

each_family = pytest.mark.parametrize("name", ALL_FAMILIES)


@each_family
def test_a_family_recognises_its_own_virtual_sensor_and_no_other(name: str) -> None:
    profile = FAMILIES[name].peripheral("12345678").profile

    recognised = [
        key
        for key, family in FAMILIES.items()
        if family.recognises(profile.name, profile.advertised_uuids)
    ]

    assert recognised == [name]


@each_family
def test_a_stranger_or_a_nameless_device_is_not_recognised(name: str) -> None:
    assert not FAMILIES[name].recognises("Kitchen scale", ())
    assert not FAMILIES[name].recognises(None, ())


@each_family
def test_a_sensor_that_is_started_streams_at_what_it_was_asked_for(name: str) -> None:
    family = FAMILIES[name]

    assert family.peripheral("1").settings is None
    assert started(family).settings == settings_of(family)


@each_family
def test_no_request_of_a_start_is_refused(name: str) -> None:
    family = FAMILIES[name]
    peripheral = family.peripheral("1")

    messages = say(family, peripheral, family.start(settings_of(family)))

    assert [m.error for m in messages if isinstance(m, Reply) and m.error] == []


@each_family
def test_starting_again_after_a_lost_link_is_not_refused(name: str) -> None:
    family = FAMILIES[name]

    messages = say(family, started(family), family.start(settings_of(family)))

    assert [m.error for m in messages if isinstance(m, Reply) and m.error] == []


@each_family
def test_a_sensor_that_is_stopped_falls_silent(name: str) -> None:
    family = FAMILIES[name]
    if not family.stop():
        return
    peripheral = started(family)

    say(family, peripheral, family.stop())

    assert peripheral.settings is None
    acc, gyro = motion(64, 100)
    assert peripheral.stream(Samples(acc, gyro, 0, 0.01)) == []


@each_family
def test_the_battery_is_told_when_asked_for(name: str) -> None:
    family = FAMILIES[name]
    peripheral = family.peripheral("1")
    peripheral.battery_percent = 60

    messages = say(family, peripheral, family.battery())

    assert [m.percent for m in messages if isinstance(m, Battery)] == [60]


@each_family
def test_identifying_does_not_disturb_the_stream(name: str) -> None:
    family = FAMILIES[name]
    peripheral = started(family)

    say(family, peripheral, family.identify())

    assert peripheral.settings == settings_of(family)


@each_family
def test_samples_come_through_within_one_count(name: str) -> None:
    family = FAMILIES[name]
    chosen = settings_of(family)
    info = family.stream_info(chosen, Placement.STERNUM, "x")

    samples = only_samples(heard(family.decoder(chosen), streamed(family, 1000, 12345)))

    acc = np.concatenate([s.acc for s in samples])
    sent_acc, sent_gyro = motion(1000, chosen.rate_hz)
    assert 800 < len(acc) <= 1000
    np.testing.assert_allclose(acc, sent_acc[: len(acc)], atol=info.acc_scale_ms2)
    if info.gyro_scale_rads is None:
        assert all(s.gyro is None for s in samples)
    else:
        gyro = np.concatenate([s.gyro for s in samples if s.gyro is not None])
        np.testing.assert_allclose(gyro, sent_gyro[: len(gyro)], atol=info.gyro_scale_rads)


@each_family
@pytest.mark.parametrize("before_wrap_s", [1000.0, 2.0], ids=["plain", "across the wrap"])
def test_stamps_are_those_of_the_first_sample(name: str, before_wrap_s: float) -> None:
    family = FAMILIES[name]
    chosen = settings_of(family)
    if family.tick_hz is None or family.tick_modulus is None:
        assert family.stream_info(chosen, Placement.STERNUM, "x").clock is Clock.ESTIMATED
        return
    first_ticks = family.tick_modulus - round(before_wrap_s * family.tick_hz)

    samples = only_samples(heard(family.decoder(chosen), streamed(family, 600, first_ticks)))

    sent = np.cumsum([0] + [len(s.acc) for s in samples])[:-1] / chosen.rate_hz
    ticks = [s.ticks for s in samples if s.ticks is not None]
    assert len(ticks) == len(samples)
    told = np.array([(t - first_ticks) % family.tick_modulus for t in ticks]) / family.tick_hz
    np.testing.assert_allclose(told, sent, atol=2 / family.tick_hz + 1e-4)
    assert all(0 <= t < family.tick_modulus for t in ticks)


@each_family
def test_a_motion_beyond_the_range_clips_and_stays_a_number(name: str) -> None:
    family = FAMILIES[name]
    chosen = settings_of(family)
    peripheral = started(family)
    huge = np.full((200, 3), 1e6)

    notifications = peripheral.stream(Samples(huge, -huge, 0, 1 / chosen.rate_hz))
    samples = only_samples(heard(family.decoder(chosen), notifications))

    peak = max(float(np.abs(s.acc).max()) for s in samples)
    assert peak == pytest.approx(chosen.acc_range_g * 9.80665, rel=0.01)


@each_family
def test_a_lost_notification_leaves_the_others_whole(name: str) -> None:
    family = FAMILIES[name]
    chosen = settings_of(family)
    notifications = streamed(family, 1000, 0)
    decoder = family.decoder(chosen)
    whole = len(only_samples(heard(family.decoder(chosen), notifications)))

    heard(decoder, notifications[:5])
    after_loss = 0
    for notification in notifications[6:]:
        with suppress(CodecError):
            after_loss += len(only_samples(heard(decoder, [notification])))

    assert after_loss >= whole - 10


@each_family
def test_every_rate_that_is_asked_for_gives_one_the_sensor_has(name: str) -> None:
    family = FAMILIES[name]
    for wanted_hz in (0.1, 13, 50, 60, 100, 104, 200, 1e6):
        chosen = family.settings(wanted_hz)
        assert family.settings(chosen.rate_hz) == chosen
        assert family.stream_info(chosen, Placement.WAIST, "x").rate_hz == chosen.rate_hz


@cache
def _valid(name: str) -> tuple[bytes, ...]:
    family = FAMILIES[name]
    answers = [
        answer.data
        for request in (*family.start(settings_of(family)), *family.battery())
        if isinstance(request, Write)
        for answer in family.peripheral("1").write(request.characteristic, request.data)
    ]
    return (*answers, *(n.data for n in streamed(family, 80, 5)[:12]))


@each_family
@settings(max_examples=40)
@given(data=st.data())
def test_damaged_bytes_raise_nothing_but_the_typed_error(name: str, data: st.DataObject) -> None:
    family = FAMILIES[name]
    characteristics = st.sampled_from(_characteristics(family))
    decoder = family.decoder(settings_of(family))
    for damage in data.draw(st.lists(damaged(_valid(name)), min_size=1, max_size=8)):
        survives(decoder, data.draw(characteristics), damage)


@pytest.mark.slow
@each_family
@settings(max_examples=1000)
@given(rng=st.randoms(use_true_random=True))
def test_a_flood_of_damaged_bytes_raises_nothing_but_the_typed_error(
    name: str, rng: Random
) -> None:
    """Six families, 1,000 examples and 20 inputs in each: 120,000 inputs."""
    family = FAMILIES[name]
    decoder = family.decoder(settings_of(family))
    for damage in many_damaged(_valid(name), 20, rng):
        survives(decoder, rng.choice(_characteristics(family)), damage)


def _characteristics(family: Family) -> list[str]:
    """Those that notify, and one that nobody has."""
    return [*family.notify, "0000"]


@each_family
@settings(max_examples=60)
@given(written=st.binary(max_size=260))
def test_a_virtual_sensor_survives_any_write(name: str, written: bytes) -> None:
    peripheral = started(FAMILIES[name])
    for service in peripheral.profile.services:
        for characteristic in service.characteristics:
            if "write" in characteristic.properties:
                peripheral.write(characteristic.uuid, written)
