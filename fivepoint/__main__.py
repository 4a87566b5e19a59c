"""`python -m fivepoint` is the command line."""

import sys

from fivepoint.cli import main

sys.exit(main())
