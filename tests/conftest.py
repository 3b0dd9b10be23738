"""Shared by all tests."""

from hypothesis import settings

# the same cases every time: a red run can be repeated, and is nobody's bad luck
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
