"""How long the rules of strict mode wait, in seconds, and why."""

RENEWS = 3
"""How often a lease is renewed before it ends."""
TRUST_MARGIN_S = 1.0
"""So long before the lease ends, its holder stops."""
ASK_SILENT_S = 1.0
"""How often a silent arbiter is asked."""
JOIN_EVERY_S = 60.0
"""How often a standby that watches the holder asks the arbiter: a free one counts its questions."""
CLOCKS_APART_S = 5.0
"""So far may the clocks of two twins be apart: where nobody knows what was started, no slot starts
that was due until then; nor, while the arbiter is silent, one that was due when its holder took
the duty."""
JITTER_S = 1.0
"""After a lease has ended, one of several standbys claims within this time."""
RELEASED_AGAIN_S = 0.3
"""Between two claims, if a twin said that it releases, and the arbiter does not know yet."""
OWN_EVERY_S = 2.5
"""How often a boot that the holder does not know yet asks at its own URL."""
FRONT_STALE_S = 6.0
"""How old an answer from the own URL may be: two may be lost."""
WANTS_FOR_S = 10.0
"""How long a twin asks a holder for the duty."""
YIELD_S = 3.0
"""How long a twin that gave the duty away leaves it to the one who asked."""
