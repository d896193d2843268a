"""The harness: real processes to test against, and waiting without sleeping."""
