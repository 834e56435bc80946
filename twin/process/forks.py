"""Closes the twin's sockets in processes that a job forks.

With them a child would keep the port after the twin's death, and hide that death from the peer.
After `exec` they are closed anyway.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress


def keep_from_children(descriptors: Callable[[], Iterable[int]]) -> None:
    """Close in each forked child what `descriptors` returns at that moment."""
    os.register_at_fork(after_in_child=lambda: _close(descriptors()))


def _close(descriptors: Iterable[int]) -> None:
    # Their numbers stay taken: in the child, the objects that own them close them later.
    null = os.open(os.devnull, os.O_RDWR)
    for each in descriptors:
        with suppress(OSError):
            os.dup2(null, each, inheritable=False)
    os.close(null)
