"""`python -m flows.build`: write the samples, readable and as packages.

A package is what Power Automate's 'Export package (.zip)' writes and 'Import package' reads. Connections that a sample
needs are chosen at the import.
"""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path

from flows.samples import SAMPLES, Json, Sample

FOLDER = Path(__file__).resolve().parent
_IDS = uuid.UUID("4b9a3f0e-3f61-4d6b-8a5e-5a0e7e5f9c11")
_MADE = (2026, 11, 24, 0, 0, 0)
"""The time in the packages: always the same, so that they are the same at each build."""


def files() -> Mapping[str, bytes]:
    """The generated files by name."""
    found: dict[str, bytes] = {}
    for sample in SAMPLES:
        found[f"{sample.name}.json"] = _json(sample.definition())
        found[f"{sample.name}.zip"] = _package(sample)
    return found


def flow_id(sample: Sample) -> str:
    return str(uuid.uuid5(_IDS, sample.name))


def _package(sample: Sample) -> bytes:
    """Stored, not compressed: deflate differs between versions of zlib."""
    folder = f"Microsoft.Flow/flows/{flow_id(sample)}"
    parts = {
        "manifest.json": _manifest(sample),
        "Microsoft.Flow/flows/manifest.json": {
            "packageSchemaVersion": "1.0",
            "flowAssets": {"assetPaths": [flow_id(sample)]},
        },
        f"{folder}/definition.json": _flow(sample),
        f"{folder}/apisMap.json": {name: _resource_id(sample, name, "api") for name in sample.connectors},
        f"{folder}/connectionsMap.json": {
            name: _resource_id(sample, name, "connection") for name in sample.connectors
        },
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as package:
        for name, document in parts.items():
            package.writestr(zipfile.ZipInfo(name, _MADE), _json(document))
    return content.getvalue()


def _manifest(sample: Sample) -> Json:
    needs = [_resource_id(sample, name, kind) for name in sample.connectors for kind in ("api", "connection")]
    flow = {
        "type": "Microsoft.Flow/flows",
        "suggestedCreationType": "New",
        "creationType": "Existing, New, Update",
        "details": {"displayName": sample.title},
        "configurableBy": "User",
        "hierarchy": "Root",
        "dependsOn": needs,
    }
    resources: Json = {flow_id(sample): flow}
    for name in sample.connectors:
        resources |= _connector_resources(sample, name)
    return {
        "schema": "1.0",
        "details": {
            "displayName": sample.title,
            "description": sample.description,
            "createdTime": "2026-11-24T00:00:00Z",
            "packageTelemetryId": flow_id(sample),
            "creator": "N/A",
            "sourceEnvironment": "",
        },
        "resources": resources,
    }


def _connector_resources(sample: Sample, name: str) -> Json:
    """The platform's connector, and a connection to it that is chosen at the import."""
    api, connection = _resource_id(sample, name, "api"), _resource_id(sample, name, "connection")
    return {
        api: {
            "id": _api(name),
            "name": name,
            "type": "Microsoft.PowerApps/apis",
            "suggestedCreationType": "Existing",
            "details": {"displayName": name.removeprefix("shared_").title()},
            "configurableBy": "System",
            "hierarchy": "Child",
            "dependsOn": [],
        },
        connection: {
            "type": "Microsoft.PowerApps/apis/connections",
            "suggestedCreationType": "Existing",
            "creationType": "Existing",
            "details": {"displayName": "Choose a connection"},
            "configurableBy": "User",
            "hierarchy": "Child",
            "dependsOn": [api],
        },
    }


def _flow(sample: Sample) -> Json:
    references = {
        name: {"connectionName": name, "source": "Invoker", "id": _api(name), "tier": "NotSpecified"}
        for name in sample.connectors
    }
    return {
        "name": flow_id(sample),
        "id": f"/providers/Microsoft.Flow/flows/{flow_id(sample)}",
        "type": "Microsoft.Flow/flows",
        "properties": {
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows",
            "displayName": sample.title,
            "definition": sample.definition(),
            "connectionReferences": references,
            "flowFailureAlertSubscribed": False,
        },
    }


def _api(name: str) -> str:
    return f"/providers/Microsoft.PowerApps/apis/{name}"


def _resource_id(sample: Sample, name: str, kind: str) -> str:
    return str(uuid.uuid5(_IDS, f"{sample.name}|{name}|{kind}"))


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def main() -> None:
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
