"""Kills all dynos when the lab ends, however it ends, and removes its directory.

A script in a session of its own. Its standard input is a pipe from the lab: `+123` and `-123` say
which process groups live. When the lab is gone, even by SIGKILL, the pipe closes. Then the groups
that live are killed, and the directory in the argument is removed. (`PR_SET_PDEATHSIG` works on
Linux only, and for one process of a group.)
"""

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    # Ctrl-C on the terminal is for the lab alone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    living: set[int] = set()
    for line in sys.stdin:
        (living.add if line[0] == "+" else living.discard)(int(line[1:]))
    for group in living:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
