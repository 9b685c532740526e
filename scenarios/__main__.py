"""`python -m scenarios` is `ganglion`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
