"""The sample flows, run by a small engine that follows the platform's rules to the letter."""
