"""Keeps the twin's sockets from the processes that a job forks.

A child that held them would keep the port after the twin's death, and hide that death from the
peer. Processes that are started anew (`exec`) inherit none: Python opens all of them so.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress


def keep_from_children(descriptors: Callable[[], Iterable[int]]) -> None:
    """Close in each child, as it is forked, the descriptors that are to be kept at that moment."""
    os.register_at_fork(after_in_child=lambda: _close(descriptors()))


def _close(descriptors: Iterable[int]) -> None:
    # Their numbers stay taken: objects that own them live on in the child, and close them later.
    null = os.open(os.devnull, os.O_RDWR)
    for each in descriptors:
        with suppress(OSError):
            os.dup2(null, each, inheritable=False)
    os.close(null)
