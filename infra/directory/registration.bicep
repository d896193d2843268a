// The app registration that callers sign in to. Needs directory rights (Application.ReadWrite.All, or the role
// Application Administrator), so it can be deployed by someone else:
//   az deployment group create -g <group> -f infra/directory/registration.bicep -p ...

extension microsoftGraphV1

@description('Unchanging key of the registration in the directory.')
param uniqueName string

@description('Name that people see when they sign in.')
param displayName string

@description('Host name of the function app.')
param hostName string

@description('Object id of the identity that is the registration\'s credential.')
param identityPrincipalId string

@description('Whether people with a role may get a token by the Azure CLI, as docs/runbook.md does.')
param allowAzureCli bool

@description('Object ids of users, groups or service principals that get Licenses.Manage.')
param managerObjectIds array = []

@description('Object ids of users, groups or service principals that get Licenses.Read.')
param readerObjectIds array = []

var readRoleId = guid(uniqueName, 'Licenses.Read')
var scopeId = guid(uniqueName, 'user_impersonation')
var azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
var exchangeAudiences = {
  AzureCloud: 'api://AzureADTokenExchange'
  AzureUSGovernment: 'api://AzureADTokenExchangeUSGov'
  AzureChinaCloud: 'api://AzureADTokenExchangeChina'
}
var manageRoleId = guid(uniqueName, 'Licenses.Manage')

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMyOrg'
  identifierUris: ['api://${tenant().tenantId}/${uniqueName}']
  web: {
    homePageUrl: 'https://${hostName}/portal/'
    redirectUris: ['https://${hostName}/.auth/login/aad/callback']
    implicitGrantSettings: { enableIdTokenIssuance: true }
  }
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: scopeId
        value: 'user_impersonation'
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Use License Management'
        adminConsentDescription: 'Use License Management for Microsoft 365 in the name of the signed-in user, with that user\'s role.'
        userConsentDisplayName: 'Use License Management'
        userConsentDescription: 'Use License Management for Microsoft 365 in your name, with your role.'
      }
    ]
    preAuthorizedApplications: allowAzureCli ? [{ appId: azureCli, delegatedPermissionIds: [scopeId] }] : []
  }
  appRoles: [
    {
      id: readRoleId
      value: 'Licenses.Read'
      displayName: 'Read licenses'
      description: 'See groups, licenses, jobs and the audit; dry runs and exports to download.'
      allowedMemberTypes: ['User', 'Application']
      isEnabled: true
    }
    {
      id: manageRoleId
      value: 'Licenses.Manage'
      displayName: 'Manage licenses'
      description: 'Assign, remove and replace licenses, undo jobs, change temporary licenses.'
      allowedMemberTypes: ['User', 'Application']
      isEnabled: true
    }
  ]
}

resource identityAsCredential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${registration.uniqueName}/function-app-identity'
  description: 'The function app\'s identity, in place of a secret.'
  audiences: [exchangeAudiences[environment().name]]
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: identityPrincipalId
}

// Assignment is required: else every user and app of the tenant could get a token, if one without a role.
resource servicePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: registration.appId
  appRoleAssignmentRequired: true
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

// Where assignment is required Entra takes no consent from users: without this, only administrators could sign in.
// Source: https://learn.microsoft.com/entra/identity-platform/howto-restrict-your-app-to-a-set-of-users
resource consent 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = {
  clientId: servicePrincipal.id
  consentType: 'AllPrincipals'
  resourceId: graph.id
  scope: 'openid profile email'
}

resource managers 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for objectId in managerObjectIds: {
    appRoleId: manageRoleId
    principalId: objectId
    resourceId: servicePrincipal.id
  }
]

resource readers 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for objectId in readerObjectIds: {
    appRoleId: readRoleId
    principalId: objectId
    resourceId: servicePrincipal.id
  }
]

@description('Client id: the audience of callers\' tokens.')
output clientId string = registration.appId

@description('Identifier URI, for clients that ask for `<uri>/.default`.')
output identifierUri string = registration.identifierUris[0]
