"""Ctrl-C that is never lost, in the command line and in the processes that it starts."""

import signal
import sys
import threading
from contextlib import contextmanager


@contextmanager
def hearing_again():
    """Hear a Ctrl-C again that came where Python can only drop it: in a finaliser or a callback.

    Gives a function that says that one has been heard: the same key may be dropped in one place and
    heard in another, and is not to be heard twice.
    """
    previous = sys.unraisablehook
    again = threading.Timer(0.1, _interrupt_main_thread)
    again.daemon = True

    def hear(dropped):
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            previous(dropped)
        elif again.ident is None and not again.finished.is_set():
            again.start()  # from another thread, a moment later: here it would be dropped as well

    sys.unraisablehook = hear
    try:
        yield again.cancel
    finally:
        again.cancel()
        sys.unraisablehook = previous


def drop_quietly(dropped):
    """The ``sys.unraisablehook`` of a process that works for another, which hears it, too."""
    if not issubclass(dropped.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)


def _interrupt_main_thread():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
