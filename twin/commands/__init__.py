"""The commands that end: each looks at the pair from outside, or runs one job."""
