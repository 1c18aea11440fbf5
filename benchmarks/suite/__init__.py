"""The benchmark suite: tuning tasks and functions, an adapter per peer, and a report of what they reached."""
