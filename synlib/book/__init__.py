"""What shows, judges and publishes: needs the extra "book", and mostly a clone of the repository.

Nothing outside this folder imports it, and no change in it makes a finished run another one.
"""
