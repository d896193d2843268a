"""Events on real tables and queues, with a clock and a receiver in our hands."""
