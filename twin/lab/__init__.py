"""A small platform on this machine: two real twins, and an app for them to scale.

Nothing heavy is imported here: the target's dynos (`python -m twin.lab.target`) import this file,
and several of them start at once.
"""


def main(arguments: list[str]) -> int:
    """`python -m twin lab`: runs until Ctrl-C or SIGTERM. Returns the exit code."""
    from twin.lab.lab import main as lab

    return lab(arguments)
