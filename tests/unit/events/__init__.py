"""Events without processes: ids, cards, notices, and where a callback may go."""
