"""A service on a message bus: methods that take their time, and what ends with its client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bleak.exc import BleakError
from dbus_fast import DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

from tests.bluez.objects import OBJECT_MANAGER, Objects

_BUS = "org.freedesktop.DBus"
_CLIENT_GONE = f"type='signal',sender='{_BUS}',member='NameOwnerChanged'"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method returns; the file descriptors are closed when they have been sent."""

    signature: str = ""
    body: list[object] = field(default_factory=list)
    fds: list[int] = field(default_factory=list)


Method = Callable[[Message], Coroutine[Any, Any, Reply]]
End = Callable[[], Coroutine[Any, Any, None]]


class Service:
    """Objects and their methods, by interface and name. `refusals` are the errors it answered.

    What a client begins at a path is a session: it ends when the client asks or leaves the bus.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.objects = Objects(bus)
        self.methods: dict[tuple[str, str], Method] = {
            (OBJECT_MANAGER, "GetManagedObjects"): self._managed
        }
        self.refusals: list[str] = []
        self._bus = bus
        self._sessions: dict[tuple[str, str], End] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        bus.add_message_handler(self._on_message)

    async def serve(self, name: str) -> None:
        """Be there for all on the bus."""
        watch = Message(_BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", signature="s")
        watch.body = [_CLIENT_GONE]
        await self._bus.call(watch)
        await self._bus.request_name(name)

    def begin(self, call: Message, end: End) -> None:
        """Open a session of the caller at the path that it called."""
        self._sessions[call.sender or "", call.path or ""] = end

    async def stop(self, call: Message) -> Reply:
        """The method that ends the caller's session at the path that it calls."""
        await self._sessions.pop((call.sender or "", call.path or ""))()
        return Reply()

    def end(self, which: Callable[[str, str], bool]) -> None:
        """End sessions, by client and path."""
        for session in [each for each in self._sessions if which(*each)]:
            self._start(self._sessions.pop(session)())

    def _on_message(self, message: Message) -> bool:
        if message.member == "NameOwnerChanged":
            name, _, owner = message.body
            if not owner:
                self.end(lambda client, _: client == name)
        method = self.methods.get((message.interface or "", message.member or ""))
        if message.message_type is not MessageType.METHOD_CALL or method is None:
            return False
        self._start(self._answer(message, method))
        return True

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, call: Message, method: Method) -> None:
        try:
            reply = await method(call)
        except (DBusError, BleakError, TimeoutError, KeyError) as error:
            name = _error_name(error)
            self.refusals.append(name)
            self._bus.send(Message.new_error(call, name, str(error)))
            return
        answer = Message.new_method_return(call, reply.signature, reply.body, reply.fds)
        await self._bus.send(answer)
        for descriptor in reply.fds:
            os.close(descriptor)

    async def _managed(self, call: Message) -> Reply:
        return Reply("a{oa{sa{sv}}}", [self.objects.managed()])


def _error_name(error: Exception) -> str:
    if isinstance(error, DBusError):
        return error.type
    unknown = isinstance(error, KeyError)
    return "org.freedesktop.DBus.Error.UnknownObject" if unknown else "org.bluez.Error.Failed"
