"""What the rest of the world is told: events, who asked for them, and their way there.

An event is published once it is on record, gets an id that follows from what happened, and goes as one message a
receiver to the queue license-events. It is delivered at least once; receivers know a repeat by its id.
"""
