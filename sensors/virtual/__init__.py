"""Virtual Bluetooth sensors: they play a stream through the real bleak API, over real ATT and GATT.

`air`, `device`, `radio` and `serving` import bumble, which takes 19 MB and half a second: import
them where they are needed, not at the top of commands.
"""

import logging

logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of each broken link
