"""Parse Bicep and YAML files and print them as JSON, by the names given. Run by the Python of checkov's environment."""

import json
import sys
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # in checkov's environment only
from bicep_text import without_extensions  # type: ignore[import-not-found]  # beside this file, as a script
from pycep import BicepParser  # type: ignore[import-not-found]  # in checkov's environment only


def main(names: list[str]) -> int:
    trees = {}
    parser = BicepParser()
    for name in names:
        text = Path(name).read_text(encoding="utf-8")
        try:
            trees[name] = (
                yaml.safe_load(text)
                if name.endswith(".yaml")
                else parser.parse(text=without_extensions(text))
            )
        except Exception as error:  # whatever the parser throws, the file's name has to be in it
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    json.dump(trees, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
