"""``python -m noisedim``: the command line."""

import sys

from noisedim.cli import main

if __name__ == "__main__":
    sys.exit(main())
