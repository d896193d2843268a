// Microsoft Graph application roles for the app's identity. Needs the directory role Privileged Role Administrator,
// which whoever deploys often lacks: then scripts/grant-graph-roles does the same for an administrator.
// The list is that of docs/permissions.md and of both scripts; a test holds them against each other.

extension microsoftGraphV1

@description('Object id of the identity\'s service principal.')
param principalId string

@description('Whether jobs may set a user\'s usage location. Microsoft has no narrower role for that than User.ReadWrite.All.')
param setUsageLocation bool

@description('Whether groups with hidden membership may be used; without it Graph shows them as empty.')
param readHiddenMembers bool

@description('Whether exports may be stored in SharePoint or OneDrive.')
param exportToSharePoint bool

var roles = [
  'LicenseAssignment.ReadWrite.All'
  'LicenseAssignment.Read.All'
  'User.Read.All'
  'GroupMember.Read.All'
]
var locationRoles = setUsageLocation ? ['User.ReadWrite.All'] : []
var hiddenRoles = readHiddenMembers ? ['Member.Read.Hidden'] : []
var exportRoles = exportToSharePoint ? ['Sites.ReadWrite.All'] : []

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for role in concat(roles, locationRoles, hiddenRoles, exportRoles): {
    appRoleId: filter(graph.appRoles, each => each.value == role)[0].id
    principalId: principalId
    resourceId: graph.id
  }
]
