"""The deployment as values: the parsed files below infra/ and what a deployment with all defaults sets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.infra import checkov

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """A checkout: `infra/`, `azure.yaml`, `host.json` and `docs/` below `root`."""

    root: Path
    trees: Mapping[str, Any]

    @classmethod
    def read(cls, root: Path) -> "Template":
        names = [path.relative_to(root).as_posix() for path in sorted((root / "infra").rglob("*.bicep"))]
        return cls(root, checkov.parse(root, [*names, "azure.yaml"]))

    def changed(self, root: Path, path: str, tree: Tree | None) -> "Template":
        """A copy at `root` in which one file differs; `tree` is None for one that is not parsed."""
        return Template(root, self.trees if tree is None else {**self.trees, path: tree})

    @property
    def main(self) -> Tree:
        return self.file("main.bicep")

    def file(self, name: str) -> Tree:
        """A Bicep file, by its name below infra/."""
        tree: Tree = self.trees[f"infra/{name}"]
        return tree

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def resources(self, kind: str) -> Iterator[tuple[str, Any]]:
        """File and properties of every resource of that type that is made."""
        for name, tree in self.trees.items():
            for found in tree.get("resources", {}).values():
                if found["type"] == kind and not found["existing"]:
                    yield name, body(found)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The app settings of a deployment with all defaults. What Azure makes up stands as `<...>`."""
        defaults = {name: given["default"] for name, given in self.main["parameters"].items()}
        variables = self.file("app/functionapp.bicep")["variables"]
        found: dict[str, str] = {}
        for settings in (
            self.main["variables"]["settings"],
            variables["graphSettings"],
            variables["platformSettings"],
        ):
            found.update({name: _value(value, defaults) for name, value in settings["value"].items()})
        return found

    @cached_property
    def host(self) -> Mapping[str, Any]:
        host: Mapping[str, Any] = json.loads(self.text("host.json"))
        return host


def body(resource: Tree) -> Any:
    """The properties of a resource, below its loop and condition."""
    config = resource["config"]
    while (
        isinstance(config, Mapping)
        and "config" in config
        and ("loop_type" in config or "condition" in config)
    ):
        config = config["config"]
    return config


def texts(tree: Any) -> Iterator[str]:
    """Every text in a syntax tree: literals, names of variables and functions."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts(value)


def _value(value: Any, defaults: Mapping[str, Any]) -> str:
    """The parser does not tell a parameter's name from a text; a name of ours is no value that a setting may have."""
    if isinstance(value, Mapping) and value.get("function", {}).get("type") == "string":
        value = value["function"]["parameters"]["value_to_convert"]
    if isinstance(value, str):
        if value.endswith("Endpoint") and value not in defaults:
            return f"https://account.{value.removesuffix('Endpoint')}.core.windows.net/"
        value = defaults.get(value, value)
        return "" if value is None else str(value)
    return "<made by Azure>"
