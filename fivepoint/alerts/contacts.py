"""Messages to contacts, by whatever way Apprise knows for their addresses.

Addresses hold passwords, so none may appear in what is printed, logged or raised: Apprise's own
log is off, and it keeps nothing on the disk. Apprise is heavy and imported when it is first used.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fivepoint.alerts.rules import Contact

if TYPE_CHECKING:
    from apprise import Apprise


def send(contact: Contact, title: str, body: str) -> bool:
    """Send a message and wait for it; whether it was taken. Takes seconds without a network."""
    try:
        service = _service(contact)
        return service is not None and bool(service.notify(title=title, body=body))
    except Exception:  # whatever a service raises, it was not delivered, and may hold the address
        return False


def is_understood(contact: Contact) -> bool:
    """Whether the address is one that messages can be sent to."""
    return _service(contact) is not None


def _service(contact: Contact) -> Apprise | None:
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    logging.getLogger("apprise").disabled = True
    asset = AppriseAsset(
        app_id="Fivepoint",
        app_desc="Fivepoint",
        async_mode=False,
        secure_logging=True,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    service = Apprise(asset=asset)
    return service if service.add(contact.url) else None
