"""The samples, in the Workflow Definition Language that Power Automate runs.

https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language

A maker fills in the one action `Settings` and nothing else. Every request that starts a job has an idempotency key
made of the run's name, so that whatever the platform repeats is one job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_SCHEMA = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
APPROVALS = "shared_approvals"
"""The platform's own connector for approvals; the only one that a sample uses."""

_ACCESS = {
    "address": "https://your-app.azurewebsites.net",
    "tenant": "<tenant ID>",
    "audience": "<API app's client ID>",
    "clientId": "<flow app's client ID>",
    "secret": "<flow app's secret>",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """`settings` are what the maker fills in besides the access to the app."""

    name: str
    title: str
    description: str
    trigger: Json
    settings: Mapping[str, str]
    actions: Json
    connectors: tuple[str, ...] = ()

    def definition(self) -> Json:
        parameters: Json = {"$authentication": {"defaultValue": {}, "type": "SecureObject"}}
        if self.connectors:
            parameters["$connections"] = {"defaultValue": {}, "type": "Object"}
        return {
            "$schema": _SCHEMA,
            "contentVersion": "1.0.0.0",
            "parameters": parameters,
            "triggers": self.trigger,
            "actions": {"Settings": _settings(self.settings), **self.actions},
        }


def _settings(own: Mapping[str, str]) -> Json:
    hidden = {"secureData": {"properties": ["inputs", "outputs"]}}  # the secret, out of the run's history
    return {
        "type": "Compose",
        "runAfter": {},
        "inputs": {**_ACCESS, **own},
        "runtimeConfiguration": hidden,
    }


def setting(name: str) -> str:
    return f"@{{outputs('Settings')?['{name}']}}"


def _after(action: str, *states: str) -> Json:
    return {action: list(states or ("Succeeded",))}


def _call(after: Json, method: str, path: str, body: Json | None = None, key: str | None = None) -> Json:
    """A call of the app. `key` makes a request that starts a job safe to repeat."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if key is not None:
        headers["Idempotency-Key"] = f"@{{workflow()?['run']?['name']}}-{key}"
    inputs: Json = {
        "method": method,
        "uri": setting("address") + path,
        "headers": headers,
        "authentication": {
            "type": "ActiveDirectoryOAuth",
            "authority": "https://login.microsoftonline.com",
            "tenant": setting("tenant"),
            "audience": setting("audience"),
            "clientId": setting("clientId"),
            "secret": setting("secret"),
        },
        "retryPolicy": {
            "type": "exponential",
            "count": 8,
            "interval": "PT10S",
            "minimumInterval": "PT5S",
            "maximumInterval": "PT5M",
        },
    }
    if body is not None:
        inputs["body"] = body
    return {"type": "Http", "runAfter": after, "limit": {"timeout": "PT12H"}, "inputs": inputs}


def _if(after: Json, expression: Json, then: Json, otherwise: Json | None = None) -> Json:
    return {
        "type": "If",
        "runAfter": after,
        "expression": expression,
        "actions": then,
        "else": {"actions": otherwise or {}},
    }


def _fail(message: str, after: Json | None = None) -> Json:
    """End the run as failed, with a sentence that its owner reads in the notice about it."""
    error = {"code": "LicenseJob", "message": message}
    return {
        "type": "Terminate",
        "runAfter": after or {},
        "inputs": {"runStatus": "Failed", "runError": error},
    }


def _finished_or_fail(call: str) -> Json:
    """What follows a job: fine if it finished; else the run fails with the job's own words."""
    finished = {"equals": [f"@body('{call}')?['status']", "Finished"]}
    why = f"@{{body('{call}')?['error']?['message']}} @{{body('{call}')?['links']?['portal']}}"
    return _if(_after(call), finished, {}, {"Say_what_went_wrong": _fail(why)})


def _no_answer(call: str) -> Json:
    """The call failed in spite of all retries, or the app refused it."""
    message = f"@{{coalesce(body('{call}')?['error']?['message'], 'The app gave no answer.')}}"
    return _fail(message, _after(call, "Failed", "TimedOut"))


def _daily(hour: int) -> Json:
    schedule = {"hours": [str(hour)], "minutes": [0]}
    return {
        "Every_day": {
            "type": "Recurrence",
            "recurrence": {"frequency": "Day", "interval": 1, "schedule": schedule, "timeZone": "UTC"},
        }
    }


def _asked(**inputs: tuple[str, str]) -> Json:
    properties = {name: {"type": type_, "title": title} for name, (type_, title) in inputs.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"manual": {"type": "Request", "kind": "Button", "inputs": {"schema": schema}}}


def _assign_on_request() -> Sample:
    approval = {
        "type": "OpenApiConnectionWebhook",
        "runAfter": _after("Look_ahead"),
        "limit": {"timeout": "P20D"},
        "inputs": {
            "host": {
                "connectionName": APPROVALS,
                "operationId": "StartAndWaitForAnApproval",
                "apiId": f"/providers/Microsoft.PowerApps/apis/{APPROVALS}",
            },
            "parameters": {
                "approvalType": "Basic",
                "WebhookApprovalCreationInput/title": "Licenses for a group",
                "WebhookApprovalCreationInput/assignedTo": setting("approver"),
                "WebhookApprovalCreationInput/details": "@{body('Look_ahead')?['counts']?['changed']} users would get "
                "the license; @{body('Look_ahead')?['counts']?['failed']} would not. Details: "
                "@{body('Look_ahead')?['links']?['portal']}",
            },
            "authentication": "@parameters('$authentication')",
        },
    }
    dry_run = {
        "action": "assign",
        "groupIds": ["@triggerBody()?['text']"],
        "licenses": [{"skuId": "@triggerBody()?['text_1']"}],
        "expiresIn": {"value": "@int(triggerBody()?['number'])", "unit": "days"},
        "dryRun": True,
    }
    approved = {"equals": ["@outputs('Ask_for_approval')?['body']?['outcome']", "Approve"]}
    plan = {
        "plan": "@body('Look_ahead')?['id']",
        "note": "Approved in the flow @{workflow()?['run']?['name']}",
    }
    return Sample(
        "assign-on-request",
        "Assign licenses on request, with approval",
        "Looks ahead what a temporary license for a group would do, asks for approval, and carries out exactly that.",
        _asked(text=("string", "Group ID"), text_1=("string", "License (skuId)"), number=("number", "Days")),
        {"approver": "approver@contoso.example"},
        {
            "Look_ahead": _call(_after("Settings"), "POST", "/api/jobs", dry_run, "look"),
            "No_look_ahead": _no_answer("Look_ahead"),
            "Ask_for_approval": approval,
            "If_approved": _if(
                _after("Ask_for_approval"),
                approved,
                {
                    "Carry_out": _call({}, "POST", "/api/jobs", plan, "assign"),
                    "If_finished": _finished_or_fail("Carry_out"),
                    "Not_carried_out": _no_answer("Carry_out"),
                },
            ),
        },
        (APPROVALS,),
    )


def _remove_on_leaving() -> Sample:
    removal = {
        "action": "remove",
        "groupIds": [setting("leaversGroupId")],
        "licenses": "@take(body('Licenses'), 50)",
        "confirm": True,
        "note": "Leavers, by the flow @{workflow()?['run']?['name']}",
    }
    return Sample(
        "remove-on-leaving",
        "Remove licenses of leavers",
        "Every evening takes the licenses that members of the group of leavers hold directly.",
        _daily(20),
        {"leaversGroupId": "<group ID of the leavers>"},
        {
            "What_they_hold": _call(
                _after("Settings"),
                "POST",
                "/api/licenses/assigned",
                {"groupIds": [setting("leaversGroupId")]},
            ),
            "Not_read": _no_answer("What_they_hold"),
            "Held_directly": {
                "type": "Query",
                "runAfter": _after("What_they_hold"),
                "inputs": {
                    "from": "@body('What_they_hold')?['value']",
                    "where": "@greater(item()?['direct'], 0)",
                },
            },
            "Licenses": {
                "type": "Select",
                "runAfter": _after("Held_directly"),
                "inputs": {"from": "@body('Held_directly')", "select": {"skuId": "@item()?['skuId']"}},
            },
            "If_any": _if(
                _after("Licenses"),
                {"greater": ["@length(body('Licenses'))", 0]},
                {
                    "Remove": _call({}, "POST", "/api/jobs", removal, "remove"),
                    "If_finished": _finished_or_fail("Remove"),
                    "Not_removed": _no_answer("Remove"),
                },
            ),
        },
    )


def _nightly_export() -> Sample:
    place = {
        "kind": "sharepoint",
        "driveId": setting("driveId"),
        "folderPath": setting("folder"),
    }
    export = {
        "action": "export",
        "groupIds": [setting("groupId")],
        "export": {"format": "xlsx", "location": place},
        "note": "Nightly export",
    }
    return Sample(
        "nightly-export",
        "Export licenses to SharePoint at night",
        "Every night stores a workbook of who holds what in a SharePoint library.",
        _daily(2),
        {"groupId": "<group ID>", "driveId": "<ID of the library's drive>", "folder": "/Reports/Licenses"},
        {
            "Export": _call(_after("Settings"), "POST", "/api/jobs?failOnError=true", export, "export"),
            "File": {
                "type": "Compose",
                "runAfter": _after("Export"),
                "inputs": "@body('Export')?['links']?['file']",
            },
            "No_export": _no_answer("Export"),
        },
    )


def _notice_before_expiry() -> Sample:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock",
                "text": "@{length(body('Expiring')?['value'])} temporary licenses expire within a fortnight",
                "weight": "Bolder",
                "size": "Medium",
                "wrap": True,
            },
            {"type": "FactSet", "facts": "@take(body('Lines'), 20)"},
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": "Open", "url": setting("address") + "/portal/#/temporary"}
        ],
    }
    message = {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }
    query = "/api/temporary-licenses?pageSize=999&expiresBefore=@{addDays(utcNow(), 14)}"
    return Sample(
        "notice-before-expiry",
        "Tell Teams of licenses that will expire",
        "Every morning posts a card with the temporary licenses that expire within a fortnight.",
        _daily(7),
        {"teamsUrl": "<URL of the Teams workflow's webhook>"},
        {
            "Expiring": _call(_after("Settings"), "GET", query),
            "Not_read": _no_answer("Expiring"),
            "Lines": {
                "type": "Select",
                "runAfter": _after("Expiring"),
                "inputs": {
                    "from": "@body('Expiring')?['value']",
                    "select": {
                        "title": "@{item()?['user']?['displayName']}",
                        "value": "@{item()?['license']?['displayName']} until @{item()?['expiresAt']}",
                    },
                },
            },
            "If_any": _if(
                _after("Lines"),
                {"greater": ["@length(body('Lines'))", 0]},
                {
                    "Post_to_Teams": {
                        "type": "Http",
                        "runAfter": {},
                        "inputs": {
                            "method": "POST",
                            "uri": setting("teamsUrl"),
                            "headers": {"Content-Type": "application/json"},
                            "body": message,
                        },
                        "operationOptions": "DisableAsyncPattern",
                    }
                },
            ),
        },
    )


SAMPLES = (_assign_on_request(), _remove_on_leaving(), _nightly_export(), _notice_before_expiry())
