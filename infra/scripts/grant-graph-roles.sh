#!/usr/bin/env bash
# Grant the function app's identity its Microsoft Graph application roles. For a directory administrator
# (Privileged Role Administrator) where whoever deploys has no such right. Needs the Azure CLI, signed in to the
# tenant (`az login --tenant <tenant> --allow-no-subscriptions`). May be run again: what is granted stays.
#
#   grant-graph-roles.sh <object id of the identity> [--no-usage-location] [--hidden-members] [--sharepoint]
#
# The object id is IDENTITY_PRINCIPAL_ID of the deployment (`azd env get-value IDENTITY_PRINCIPAL_ID`).
set -euo pipefail

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

roles=(
    LicenseAssignment.ReadWrite.All
    LicenseAssignment.Read.All
    User.Read.All
    GroupMember.Read.All
)
usage_location=true
principal=""
for argument in "$@"; do
    case "$argument" in
        --no-usage-location) usage_location=false ;;
        --hidden-members) roles+=(Member.Read.Hidden) ;;
        --sharepoint) roles+=(Sites.ReadWrite.All) ;;
        -*) usage ;;
        *) [[ -z $principal ]] || usage; principal=$argument ;;
    esac
done
[[ $principal =~ ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$ ]] || usage
if $usage_location; then
    roles+=(User.ReadWrite.All)
fi

# The root of Graph in the cloud that the Azure CLI is signed in to.
root="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
root="${root%/}/v1.0"
resource="$(az rest --url "$root/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')" --query id --output tsv)"
held="$(az rest --url "$root/servicePrincipals/$principal/appRoleAssignments" --query 'value[].appRoleId' --output tsv)"

for role in "${roles[@]}"; do
    id="$(az rest --url "$root/servicePrincipals/$resource" --query "appRoles[?value=='$role'].id | [0]" --output tsv)"
    if [[ -z $id ]]; then
        echo "$role: Microsoft Graph has no such role in this cloud" >&2
        exit 1
    fi
    if grep -qixF "$id" <<<"$held"; then
        echo "$role: granted already"
        continue
    fi
    az rest --method post --url "$root/servicePrincipals/$principal/appRoleAssignments" --output none \
        --headers 'Content-Type=application/json' \
        --body "{\"principalId\": \"$principal\", \"resourceId\": \"$resource\", \"appRoleId\": \"$id\"}"
    echo "$role: granted"
done
echo "Done. Tokens that are out already do not know new roles: it can take hours until all calls go through;"
echo "restarting the app (az functionapp restart) asks for new ones where the platform's cache allows it."
