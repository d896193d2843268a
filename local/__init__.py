"""What replaces Azure and Microsoft 365 on a developer's machine. The app never imports it."""
