"""The command line: ``synlib figures | book | runs | check | data | cache | scorecard``.

Exit codes: 0, done; 1, it failed and the last line on standard error says why; 2, the command was
not understood; 130, it was stopped by Ctrl-C.
"""

import logging
import re
import sys

import click

from synlib.book import scorecard
from synlib.book.cli.building import book, figures
from synlib.book.cli.storage import cache, data
from synlib.book.cli.stored import check, make_runs
from synlib.book.interrupts import hearing_again

INTERRUPTED = 130  # the exit code that shells expect after Ctrl-C
# what a process says that takes away what processes had shared, and finds it half gone already
OF_TRACKERS = "ignore:resource_tracker:UserWarning"
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹×", "-0123456789x") | {ord("≥"): ">=", ord("≤"): "<="}


class Commands(click.Group):
    """Commands that end in one line whatever stops them, on any terminal."""

    def invoke(self, context):
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        if OF_TRACKERS not in sys.warnoptions:  # which are handed to the processes that are started
            sys.warnoptions.append(OF_TRACKERS)
        with hearing_again() as heard:
            try:
                return super().invoke(context)
            except KeyboardInterrupt:
                heard()
                # of tasks that waited for a kernel, and are given up with it
                logging.getLogger("asyncio").setLevel(logging.CRITICAL)
                click.echo("stopped", err=True)
                raise click.exceptions.Exit(INTERRUPTED) from None
            except OSError as error:
                if error.filename is None:
                    raise
                raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="synlib")
def main():
    """What does it cost to learn? Figures, book and data of synlib."""


for command in (figures, book, make_runs, check, data, cache):
    main.add_command(command)


@main.command("scorecard")
def show_scorecard():
    """Show the stored verdicts on the claims of the papers (paper profile)."""
    results = scorecard.load()
    for record in results.values():
        click.echo(f"{record['chapter']}, {record['date']}")
        click.echo(_showable(f"{scorecard.Card(record['rows'])}\n"))
    click.echo(scorecard.Board(results))


def _showable(text):
    """A text in the characters that standard output has: 9.9×10⁷, or 9.9x10^7."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return re.sub("[⁻⁰¹²³⁴-⁹]+", r"^\g<0>", text).translate(PLAIN)
    return text
