"""The command ``synlib``."""

import sys

from synlib._extras import MissingExtra, extra


def run():
    """What the script ``synlib`` calls: its commands, or one line that says what they need."""
    try:
        with extra("book"):
            from synlib.book.cli.commands import main
    except MissingExtra as error:
        sys.exit(f"synlib: {error}")
    main()
