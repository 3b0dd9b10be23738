"""What may be left out of an installation, and what to install when it is asked for."""

from contextlib import contextmanager


class MissingExtra(ModuleNotFoundError):
    """A part of the library was asked for that needs packages which are not installed."""


@contextmanager
def extra(name):
    """Import packages that come with an extra, such as "book", or say in one line what to install.

    Raises
    ------
    MissingExtra
        If one is not installed.

    Examples
    --------
    >>> with extra("book"):
    ...     import a_package_that_is_not_here
    Traceback (most recent call last):
    synlib._extras.MissingExtra: a_package_that_is_not_here is missing: pip install "synlib[book]"
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if isinstance(error, MissingExtra) or (error.name or "synlib").startswith("synlib"):
            raise
        package = error.name.partition(".")[0]
        raise MissingExtra(
            f'{package} is missing: pip install "synlib[{name}]"', name=error.name
        ) from error
