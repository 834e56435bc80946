"""How long the rules of the pair wait, in seconds, and why. The waits depend on each other."""

BEAT_S = 1.0
"""A twin looks at the clock at least so often."""
FROZEN_S = 1.0
"""A beat this much late is a freeze. The peer takes over after 7.5 s of silence, but after 3.3 s if
it was in doubt already."""
ROUND_S = 5.0
"""How often a holder asks its own URL, and a standby calls the holder: the longest time until one
notices a newer boot, or that its peer is gone."""
LINE_EVERY_S = 2.0
"""A watch has a line at least so often."""
SETTLE_S = 1.0
"""How long a boot listens before it claims: the request that woke it arrives in this time."""
OWN_URL_EVERY_S = 0.5
OWN_URL_FOR_S = 4.0
"""How long a boot waits for its URL to lead to it: some never do, and jobs are waiting."""
SILENCE_S = 3.0
"""Silence that confirms a claim: the longest round trip that the promises allow. No request waits
longer for its answer, which would come too late."""
FOLLOWED_S = 3.5
"""How long the peer's word waits until it confirms a claim above a living older boot: that boot
hears of it from the peer, within 3 s, and then tells what it started last. Silence or a refusal may
confirm sooner. With `OWN_URL_FOR_S` 7.5 s: the pair may be without a holder all that time."""
HAND_OVER_EVERY_S = 1.0
"""How often a holder asks its peer to take the duty: a sleeping peer joins when it wakes."""
REPEAT_S = 1.5
"""How often a claim is repeated until the peer has shown it."""
WATCH_SILENCE_S = 4.2
"""A watch without a line for so long has failed: two lines, `LINE_EVERY_S` apart, are lost."""
REOPEN_S = 0.5
LASTING_S = 30.0
"""A watch that breaks sooner may never last: a proxy holds its lines back, or ends it. The pause
to the next one then doubles, up to `MOST_REOPEN_S`; the standby asks meanwhile."""
MOST_REOPEN_S = 300.0
REOPEN_ASTRAY_S = 5.0
"""When to try again a watch that led to an older boot: a deploy takes some seconds to a minute."""
ASK_EVERY_S = 0.9
REFUSED_AGAIN_S = 0.4
"""Between two refused questions: the first may have met the moment between two boots."""
ASK_FOR_S = 3.3
"""With `WATCH_SILENCE_S` 7.5 s: the standby is on duty within 8 s of the last message."""
CLAIMER_S = 1.7
"""A doubt lasts so much longer after a new claim, which is confirmed after up to `FOLLOWED_S`, and
known here half a round trip later."""
ASK_WITHOUT_ADDRESS_S = WATCH_SILENCE_S + ASK_FOR_S
STALLED_S = 30.0
"""A scheduler that has not ticked for so long does not run the next job either."""
VOUCH_S = 3.0
"""How long a retired boot vouches for the newer one, which it hears every 1.5 s."""
HELD_UP_S = 0.15
"""A timer so late means that this process was held up: it reads what has arrived before it acts."""
DEPLOY_S = 90.0
"""So long after it woke, a boot takes into account that its URL may lead to an older one."""
RETIRED_ASK_S = 11.0
"""When a boot that made way asks at its URL, counted from when it last heard the newer one: that
one speaks up every `ROUND_S`, until the URL leads to it."""
ASK_LOST_WATCHER_S = 15.0
WRONG_RETRY_S = 60.0
LOOK_EVERY_S = 2.0
SEEN_S = 5.5
"""How long a twin counts as there after a look that showed it: two further looks are lost then."""
STAND_IN_S = 30.0
"""Of two twins that cannot talk, the older boot stands in after this, the younger after twice."""
LEGACY_EVERY_S = 10.0
LEGACY_FAILURES = 3
FLAPPING_WAKES = 3
FLAPPING_WITHIN_S = 600.0

CLOCK_AHEAD_S = 60.0
"""Slots further ahead come from a wrong clock: they are set aside."""
LEAVING_S = 30.0
"""How long a boot that leaves may go on running jobs: then its host kills it."""
ASK_RUNS_EVERY_S = 2.0
UNSETTLED_S = 5.0
"""How long an announced run waits for an unconfirmed claim: silence confirms it after 3 s."""
PROMPT_S = 1.0
"""A thread that begins so soon after the announcement was not frozen in between."""
CONTINUOUS_LEASE_S = 2.0
"""What runs as long as the duty is killed when its twin stood still for so long: sooner than the
3 s of silence by which another twin can have the duty."""
CONTINUOUS_OVER_S = 5.0
"""Silence of a twin by which its lease has run out: it is asked every 2 s."""
