"""Ctrl-C between the steps, never within one."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def whole():
    """What is done within is done wholly: Ctrl-C is heard at the end of it.

    A compiled loop changes weights before Python hears what it did; an interrupt right after it
    would leave weights of which neither the steps nor the energy are known.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield  # only the main thread hears signals
        return
    heard = []
    signal.signal(signal.SIGINT, lambda *arguments: heard.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if heard:
            previous(*heard[0])
