"""Objects with properties on a message bus, as D-Bus's ObjectManager and Properties show them."""

from __future__ import annotations

from collections.abc import Sequence

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Objects:
    """Objects by path, each with the one interface that matters; every change is signalled."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._objects: dict[str, tuple[str, dict[str, Variant]]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def managed(self) -> dict[str, dict[str, dict[str, Variant]]]:
        """What GetManagedObjects returns."""
        return {
            path: {interface: properties} for path, (interface, properties) in self._objects.items()
        }

    def value(self, path: str, name: str) -> object:
        """The present value of a property."""
        return self._objects[path][1][name].value

    def add(self, path: str, interface: str, **properties: Variant) -> None:
        """Add an object."""
        self._objects[path] = (interface, properties)
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", path, self._shown(path))

    def change(self, path: str, *, without: Sequence[str] = (), **changed: Variant) -> None:
        """Change properties, and drop those that are `without` a value now."""
        interface, properties = self._objects[path]
        properties.update(changed)
        for name in without:
            properties.pop(name, None)
        body = (interface, changed, list(without))
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", *body)

    def remove(self, path: str) -> None:
        """Take an object away, after all that are below it."""
        for each in sorted((each for each in self._objects if each.startswith(path)), reverse=True):
            interface, _ = self._objects.pop(each)
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", each, [interface])

    def _shown(self, path: str) -> dict[str, dict[str, Variant]]:
        interface, properties = self._objects[path]
        return {interface: properties}

    def _signal(self, path: str, interface: str, member: str, kind: str, *body: object) -> None:
        self._bus.send(Message.new_signal(path, interface, member, kind, list(body)))
