"""The committed samples are current, importable, and hold no secret of anybody."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest

from flows.build import FOLDER, files, flow_id
from flows.samples import SAMPLES, Sample

Json = dict[str, Any]
CASES = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@pytest.mark.parametrize("name", list(files()))
def test_the_committed_file_is_current(name: str) -> None:
    assert (FOLDER / name).read_bytes() == files()[name], "run python -m flows.build"


@CASES
def test_the_package_has_the_parts_that_the_import_reads(sample: Sample) -> None:
    parts = {}
    with zipfile.ZipFile(io.BytesIO(files()[f"{sample.name}.zip"])) as package:
        parts = {name: json.loads(package.read(name)) for name in package.namelist()}
    folder = f"Microsoft.Flow/flows/{flow_id(sample)}"
    assert list(parts) == [
        "manifest.json",
        "Microsoft.Flow/flows/manifest.json",
        *(f"{folder}/{name}" for name in ("definition.json", "apisMap.json", "connectionsMap.json")),
    ]
    manifest, flow = parts["manifest.json"], parts[f"{folder}/definition.json"]
    assert manifest["resources"][flow_id(sample)]["type"] == "Microsoft.Flow/flows"
    for resource in manifest["resources"].values():
        assert set(resource["dependsOn"]) <= set(manifest["resources"])
    assert parts["Microsoft.Flow/flows/manifest.json"]["flowAssets"]["assetPaths"] == [flow_id(sample)]
    assert flow["properties"]["definition"] == sample.definition()
    for name in ("apisMap", "connectionsMap"):
        mapped = parts[f"{folder}/{name}.json"]
        assert set(mapped) == set(sample.connectors) == set(flow["properties"]["connectionReferences"])
        assert set(mapped.values()) <= set(manifest["resources"])


@CASES
def test_no_connector_of_ours_is_needed_and_no_identifier_is_baked_in(sample: Sample) -> None:
    text = json.dumps(sample.definition())
    assert set(re.findall(r'"type": "(OpenApi\w+)"', text)) <= {"OpenApiConnectionWebhook"}
    assert set(re.findall(r"apis/(shared_\w+)", text)) <= {"shared_approvals"}
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", text)


@CASES
def test_whatever_starts_a_job_can_be_repeated(sample: Sample) -> None:
    keys = []
    for call in calls(sample.definition()["actions"]):
        if re.search(r"/api/jobs(\?|$)", call["uri"]) and call["method"] == "POST":
            keys.append(call["headers"]["Idempotency-Key"])
    assert all(key.startswith("@{workflow()?['run']?['name']}-") for key in keys)
    assert len(set(keys)) == len(keys)


def calls(actions: Json) -> list[Json]:
    """The inputs of every HTTP action, those in branches too."""
    found = []
    for action in actions.values():
        if action["type"] == "Http":
            found.append(action["inputs"])
        for branch in (action.get("actions"), action.get("else", {}).get("actions")):
            found += calls(branch or {})
    return found


@CASES
def test_the_secret_stays_out_of_the_runs_history(sample: Sample) -> None:
    settings = sample.definition()["actions"]["Settings"]
    assert settings["runtimeConfiguration"]["secureData"]["properties"] == ["inputs", "outputs"]
