"""All decisions. Nothing in this folder does I/O, reads a clock, starts a thread or draws a number.

Time, events and settings come in as arguments; new state and effects come out. So a month is
simulated in seconds, and every rule is tested without a fake.
"""
