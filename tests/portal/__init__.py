"""The portal in a real browser, on the real host, Azurite and the Graph simulator."""
