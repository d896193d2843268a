// The one identity of the app: it reads its package, works on Storage, sends telemetry, calls Microsoft Graph, and
// is the credential of the sign-in's registration. So there is no key and no secret anywhere.

@description('Name of the user-assigned identity.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, for the app that uses the identity.')
output id string = identity.id

@description('Client id: how the app names the identity when it asks for a token.')
output clientId string = identity.properties.clientId

@description('Object id of its service principal: whom roles are granted to.')
output principalId string = identity.properties.principalId
