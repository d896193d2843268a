"""The connector's properties: how it signs in, and which lists go on at `nextLink`.

The identifiers in angle brackets are the customer's; see readme.md.
"""

from connector.schemas import Json

BRAND_COLOR = "#0f6cbd"


def properties(definition: Json) -> Json:
    """For the definition of `connector.definition`."""
    oauth = {
        "identityProvider": "aad",
        "clientId": "<connector app's client ID>",
        "scopes": [],
        "redirectMode": "Global",
        "redirectUrl": "https://global.consent.azure-apim.net/redirect",
        "properties": {"IsFirstParty": "False", "AzureActiveDirectoryResourceId": "<API app's client ID>"},
        "customParameters": {
            "loginUri": {"value": "https://login.windows.net"},
            "tenantId": {"value": "<tenant ID>"},
            "resourceUri": {"value": "<API app's client ID>"},
        },
    }
    tenant = {
        "type": "string",
        "metadata": {"sourceType": "AzureActiveDirectoryTenant"},
        "uiDefinition": {"constraints": {"required": "false", "hidden": "true"}},
    }
    return {
        "properties": {
            "iconBrandColor": BRAND_COLOR,
            "capabilities": ["actions", "triggers"],
            "publisher": "Contoso",
            "connectionParameters": {
                "token": {"type": "oauthSetting", "oAuthSettings": oauth},
                "token:TenantId": tenant,
            },
            "policyTemplateInstances": [
                {
                    "templateId": "updatenextlink",
                    "title": "Follow nextLink through the gateway",
                    "parameters": {
                        "x-ms-apimTemplate-operationName": _paged(definition),
                        "x-ms-apimTemplateParameter.nextLinkPropertyName": "nextLink",
                    },
                }
            ],
        }
    }


def _paged(definition: Json) -> list[str]:
    """A `nextLink` that is not rewritten would be called without the connection's sign-in."""
    operations = (operation for path in definition["paths"].values() for operation in path.values())
    return [operation["operationId"] for operation in operations if "x-ms-pageable" in operation]
