"""Bicep as older parsers know it. Only the standard library: checkov's environment imports this file too."""

EXTENSION = "extension "


def without_extensions(text: str) -> str:
    """The text without `extension` statements, which the parser does not know; line numbers stay as they are."""
    return "\n".join("" if line.startswith(EXTENSION) else line for line in text.split("\n"))
