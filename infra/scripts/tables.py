#!/usr/bin/env python3
"""Copy the tables of a storage account to files and back: Azure keeps no backup of tables.

    tables.py backup  https://<account>.table.core.windows.net <folder> [<table> ...]
    tables.py restore https://<account>.table.core.windows.net <folder> [<table> ...]

Needs the packages of requirements.txt and a sign-in that azure-identity finds (`az login`) with the role Storage
Table Data Reader (backup) or Contributor (restore). A file has one row a line, as JSON. Stop the app first, in
both cases: rows of a running job belong together, and a copy made row by row tears them apart.

A restore brings back what is missing. Rows that are there stay: they are newer than the copy, and a job or a
temporary licence that went on since would otherwise stand in two states at once.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient, UpdateMode
from azure.identity import DefaultAzureCredential

MAX_ROWS = 100
"""Rows a transaction may have; 4 MiB at most as well, which `MAX_BYTES` keeps clear of."""
MAX_BYTES = 2 * 1024 * 1024

Key = tuple[str, str]
"""PartitionKey and RowKey."""


def backup(service: TableServiceClient, folder: Path, tables: Sequence[str] = ()) -> dict[str, int]:
    """Write `<table>.jsonl` for each table, and answer the rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for table in tables or [item.name for item in service.list_tables()]:
        with (folder / f"{table}.jsonl").open("w", encoding="utf-8") as file:
            counts[table] = 0
            for row in service.get_table_client(table).list_entities():
                file.write(json.dumps(_row_to_json(row)) + "\n")
                counts[table] += 1
    return counts


def restore(service: TableServiceClient, folder: Path, tables: Sequence[str] = ()) -> dict[str, int]:
    """Write the rows of the files that the tables lack, and answer how many of each."""
    counts = {}
    for table in tables or sorted(path.stem for path in folder.glob("*.jsonl")):
        client = service.create_table_if_not_exists(table)
        there = {_key(row): _digest(row) for row in map(_row_to_json, client.list_entities())}
        path = folder / f"{table}.jsonl"
        with path.open(encoding="utf-8") as file:
            changed = _changed_since(file, there)
        with path.open(encoding="utf-8") as file:
            missing = (line for line in file if _is_missing(json.loads(line), there, changed))
            counts[table] = sum(_write(client, rows) for rows in _transactions(missing))
    return counts


def _changed_since(lines: Iterable[str], there: Mapping[Key, bytes]) -> set[str]:
    """The temporary licences that the table shows otherwise than the copy.

    One has several rows, whose keys follow from its state (docs/architecture.md): beside those of now, the ones of
    then would make it expire twice, or expire after it ended.
    """
    rows = (row for row in map(json.loads, lines) if "grantId" in row)
    return {row["grantId"] for row in rows if there.get(_key(row), _digest(row)) != _digest(row)}


def _is_missing(row: Mapping[str, Any], there: Mapping[Key, bytes], changed: set[str]) -> bool:
    return _key(row) not in there and row.get("grantId") not in changed


def _key(row: Mapping[str, Any]) -> Key:
    return row["PartitionKey"], row["RowKey"]


def _digest(row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).digest()


def _row_to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_json(value) for name, value in row.items()}


def _transactions(lines: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows that may be written together: of one partition, not too many, not too large."""
    rows: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        row = {name: _from_json(value) for name, value in json.loads(line).items()}
        full = len(rows) == MAX_ROWS or size + len(line) > MAX_BYTES
        if rows and (full or rows[0]["PartitionKey"] != row["PartitionKey"]):
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += len(line)
    if rows:
        yield rows


def _write(client: TableClient, rows: list[dict[str, Any]]) -> int:
    client.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in rows])
    return len(rows)


def _to_json(value: Any) -> Any:
    """JSON knows text, numbers and truth values; the other types of Table Storage say which they are."""
    if isinstance(value, bytes):
        return {"binary": base64.b64encode(value).decode()}
    if isinstance(value, EntityProperty) and value.edm_type == EdmType.INT64:
        return {"int64": str(value.value)}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, UUID):
        return {"guid": str(value)}
    if isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"a property of type {type(value).__name__}")


def _from_json(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    [(kind, text)] = value.items()
    match kind:
        case "binary":
            return base64.b64decode(text)
        case "int64":
            return EntityProperty(int(text), EdmType.INT64)
        case "time":
            return datetime.fromisoformat(text)
        case "guid":
            return UUID(text)
        case _:
            raise TypeError(f"a property of kind {kind}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("direction", choices=("backup", "restore"))
    parser.add_argument("endpoint", help="root of the account's table service")
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*", help="all, if none is named")
    given = parser.parse_args()
    copy = backup if given.direction == "backup" else restore
    with TableServiceClient(given.endpoint, credential=DefaultAzureCredential()) as service:
        for table, rows in copy(service, given.folder, given.tables).items():
            sys.stdout.write(f"{table}: {rows} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
