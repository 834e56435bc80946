"""What decides. Nothing in this folder does I/O, reads a clock, starts a thread or draws a number.

Time, events and settings come in as arguments; new state and effects come out. That is what lets a
month be simulated in seconds, and what lets every rule be tested without a fake.
"""
