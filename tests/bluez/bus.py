"""A message bus of one's own, in place of the system's, which no test may touch."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest

_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={folder}/socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    {policy}
  </policy>
</busconfig>
"""

_DENYING = '<deny send_destination="org.bluez"/>'


@asynccontextmanager
async def private_system_bus(*, allowed: bool = True) -> AsyncIterator[None]:
    """Run a dbus-daemon that everything in this process takes for the system bus.

    Where Bluetooth is not `allowed`, it has the policy of a system that keeps users from BlueZ.
    """
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("no dbus-daemon: Bluetooth on Linux is not checked; install Debian's dbus")
    with TemporaryDirectory(prefix="bus") as folder:
        config = Path(folder, "bus.conf")
        config.write_text(_CONFIG.format(folder=folder, policy="" if allowed else _DENYING))
        daemon = await asyncio.create_subprocess_exec(
            program,
            "--nofork",
            "--print-address",
            f"--config-file={config}",
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert daemon.stdout is not None
            address = (await daemon.stdout.readline()).decode().strip()
            with patch.dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=address):
                yield
        finally:
            daemon.terminate()
            await daemon.wait()
