"""What `dev.py` is made of: the tools it installs and the processes it looks after. Standard library only."""
