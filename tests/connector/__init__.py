"""The custom connector: its definition against the rules, and against the running host."""
