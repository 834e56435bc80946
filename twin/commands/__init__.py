"""The commands of `python -m twin`: most look at the pair from outside."""
