#!/usr/bin/env bash
# Give a user, group or application a role of this app's registration. Needs the Azure CLI, signed in to the tenant
# (`az login --tenant <tenant> --allow-no-subscriptions`) as Application Administrator. May be run again.
#
#   grant-app-role.sh <client id of the registration> Licenses.Read|Licenses.Manage <object id of whom>
#
# The client id is SIGN_IN_CLIENT_ID of the deployment (`azd env get-value SIGN_IN_CLIENT_ID`); an application's
# object id is its service principal's (`az ad sp show --id <client id> --query id`), not its registration's.
set -euo pipefail

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

id='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
[[ $# -eq 3 && $1 =~ $id && $2 =~ ^Licenses\.(Read|Manage)$ && $3 =~ $id ]] || usage
client=$1 role=$2
principal="$(tr '[:upper:]' '[:lower:]' <<<"$3")"

# The root of Graph in the cloud that the Azure CLI is signed in to.
root="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
root="${root%/}/v1.0"
app="$root/servicePrincipals(appId='$client')"
resource="$(az rest --url "$app" --query id --output tsv)"
role_id="$(az rest --url "$app" --query "appRoles[?value=='$role'].id | [0]" --output tsv)"
if [[ -z $role_id ]]; then
    echo "$role: the registration has no such role" >&2
    exit 1
fi
held="$(az rest --url "$root/servicePrincipals/$resource/appRoleAssignedTo?\$top=999" --output tsv \
    --query "value[?principalId=='$principal' && appRoleId=='$role_id'].id")"
if [[ -n $held ]]; then
    echo "$role: granted already"
    exit 0
fi
az rest --method post --url "$root/servicePrincipals/$resource/appRoleAssignedTo" --output none \
    --headers 'Content-Type=application/json' \
    --body "{\"principalId\": \"$principal\", \"resourceId\": \"$resource\", \"appRoleId\": \"$role_id\"}"
echo "$role: granted. It is in the next token: sign out and in again."
