"""A small world in which real cores live through what real hosts and lines do to them.

One seed decides everything: what is lost, late, doubled, killed and frozen, and when. An observer
who sees all of it looks at the pair's promises after every event; a promise that is broken is
raised with its seed and a story that a person can read.

    world.py     time, and what happens in it
    lines.py     what becomes of a message on its way
    host.py      one app: its URL, its boots, what its host does to them
    process.py   one boot: a core, and its effects carried out as the real node does
    stream.py    one watch
    weather.py   the faults that come over a pair
    observer.py  the promises
    slots.py     what became of every slot
    story.py     what happened, for a person
    play.py      a world from a seed, to its end
    prove.py     many seeds, on all cores
    __main__.py  the command: one seed again, or many

Without faults the same world tells what a month on a host comes to:

    month.py     a month of a pair, of which quiet hours are counted instead of played
    rented.py    an app as a host rents it out: it sleeps, and is started anew every day
    budget.py    hours, of apps and of dynos
    witness.py   an observer who counts handovers, gaps and runs
"""
