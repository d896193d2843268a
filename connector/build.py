"""`python -m connector.build`: write the generated files of the connector."""

import json
from collections.abc import Mapping
from pathlib import Path

from connector.definition import definition
from connector.icon import png
from connector.properties import properties

FOLDER = Path(__file__).resolve().parent


def files() -> Mapping[str, bytes]:
    """The generated files by name."""
    document = definition()
    return {
        "apiDefinition.swagger.json": _json(document),
        "apiProperties.json": _json(properties(document)),
        "icon.png": png(),
    }


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=4, ensure_ascii=False) + "\n").encode()


def main() -> None:
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
