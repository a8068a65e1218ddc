"""What all tests share: Hypothesis draws the same examples in every run, so that a green run stays green."""

from hypothesis import settings

settings.register_profile("fixed", deadline=None, derandomize=True)
settings.load_profile("fixed")
