"""`python -m fivepoint` is the command line."""

import sys

from fivepoint.cli import main

if __name__ == "__main__":
    sys.exit(main())
