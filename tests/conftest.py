"""What all tests share: property tests take the same examples each time, so that a run that passed passes again."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
