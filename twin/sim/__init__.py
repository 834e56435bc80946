"""A small world in which real machines meet the faults of real hosts and networks.

One seed decides everything: which messages are lost, late or doubled, which processes are killed or
frozen, and when. An observer sees all of it and checks the pair's promises after every event. A
broken promise raises an error with its seed and a readable story.

    world.py     time and its events
    pair.py      a world with two apps that know each other
    parts.py     the interfaces between the parts of a world
    lines.py     the network: delay, loss, copies
    host.py      one app: its URL, its boots, its host's actions
    process.py   one boot: a machine and its effects, carried out as in the real node
    stream.py    one watch
    faults.py    the faults, drawn from the seed
    observer.py  the promises
    spells.py    periods of lost or unreadable messages, which excuse a broken promise
    slots.py     the fate of every slot
    story.py     a readable record of events
    play.py      plays one seed to its end
    prove.py     many seeds, on all cores (pool.py)
    __main__.py  the command: replay one seed, or try many

The explorer tries each fault at each moment instead of drawing faults:

    scope.py        the settings of a pair and the list of faults
    fingerprint.py  tells whether two worlds are equivalent
    explore.py      every placement of N faults, and its command

Without faults, the world computes a month on a metered host:

    month.py         a month of a pair; quiet hours are counted instead of played
    metered_host.py  an app on a rented host: it sleeps when idle and restarts daily
    budget.py        hours of apps and of dynos
    counters.py      an observer that counts handovers, gaps and runs
    year.py          a year with deploys, crashes and cuts, and its command
"""
