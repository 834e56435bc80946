"""How long the pair's rules wait, in seconds, and why so long. They depend on each other."""

BEAT_S = 1.0
"""A twin looks at the clock at least so often."""
FROZEN_S = 1.0
"""So much over a beat, and this process stood still. The peer takes over after 7.5 s of silence;
but one that was already asking when we froze needs no more than 3.3 s."""
ROUND_S = 5.0
"""How often a twin asks its own URL, or tells the holder that it is there: a newer boot, or a peer
that is gone, is noticed at the latest after this."""
LINE_EVERY_S = 2.0
"""A watch has a line at least so often."""
SETTLE_S = 1.0
"""How long a boot listens before it claims: long enough for the request that woke it to arrive."""
OWN_URL_EVERY_S = 0.5
OWN_URL_FOR_S = 4.0
"""How long a boot waits until its public URL leads to it; some never will, and jobs are waiting."""
SILENCE_S = 3.0
"""Nothing heard for so long confirms a claim: the longest round trip that the promises allow. No
answer is waited for longer: it would help nobody."""
FOLLOWED_S = 3.5
"""How long a claim above an older boot of one's own app waits, with the peer's word in hand: that
boot hears of it by way of the peer, within 3 s, and then tells what it started last. With
`OWN_URL_FOR_S` 7.5 s: the pair may be without a holder all that time."""
REPEAT_S = 1.5
"""How often a claim is repeated until the peer has shown it."""
WATCH_SILENCE_S = 4.2
"""A stream without a line for so long has failed: two lines, `LINE_EVERY_S` apart, are lost."""
REOPEN_S = 0.5
LASTING_S = 30.0
"""A watch that breaks sooner may never last: a proxy holds its lines back, or ends it. The pause
before the next one then doubles, up to `MOST_REOPEN_S`; the standby asks meanwhile."""
MOST_REOPEN_S = 300.0
REOPEN_ASTRAY_S = 5.0
"""When to try again a watch that led to an older boot: a deploy takes some seconds to a minute."""
ASK_EVERY_S = 0.9
REFUSED_AGAIN_S = 0.4
"""Between two asks that are refused: the first may have met the moment between two boots."""
ASK_FOR_S = 3.3
"""With `WATCH_SILENCE_S` 7.5 s: a freeze is followed within 8 s of the last message."""
CLAIMER_S = 1.7
"""So much longer a standby asks when it just heard of a new claim: that takes up to `FOLLOWED_S` to
be confirmed, and half a trip to tell of it."""
ASK_WITHOUT_ADDRESS_S = WATCH_SILENCE_S + ASK_FOR_S
STALLED_S = 30.0
"""A scheduler that has not ticked for so long will not run the next job either."""
VOUCH_S = 3.0
"""How long a boot that made way vouches for the newer one, which it hears every 1.5 s."""
HELD_UP_S = 0.15
"""A timer so late means that this process was held up: what has arrived is read before it acts."""
RETIRED_ASK_S = 90.0
"""A deploy that has not led our URL to the newer boot by then has failed."""
ASK_LOST_WATCHER_S = 15.0
WRONG_RETRY_S = 60.0
LOOK_EVERY_S = 2.0
SEEN_S = 5.5
"""So long after a look that showed a twin it counts as there: by then two further looks are lost.
"""
STAND_IN_S = 30.0
"""The elder of two strangers stands in after this, the younger after twice as long."""
LEGACY_EVERY_S = 10.0
LEGACY_FAILURES = 3
FLAPPING_WAKES = 3
FLAPPING_WITHIN_S = 600.0

CLOCK_AHEAD_S = 60.0
"""Slots further ahead than this come from a clock that is wrong: they are set aside."""
LEAVING_S = 30.0
"""How long a boot that said it leaves may go on running jobs: then its host kills it."""
ASK_RUNS_EVERY_S = 2.0
PROMPT_S = 1.0
"""A thread that begins its run so soon after the announcement was not frozen in between."""
