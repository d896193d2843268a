// License Management for Microsoft 365: everything it needs in one resource group, and, behind switches, its
// objects in the directory. `azd up` deploys it; docs/permissions.md says which rights that takes.

targetScope = 'subscription'

@description('Name of the environment; part of all names.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Region of all resources: one with Flex Consumption.')
@minLength(1)
param location string

@description('Name of the resource group; by default made of the environment\'s.')
param resourceGroupName string = 'rg-licenses-${environmentName}'

@description('How callers sign in. `entra`: with Entra ID, by roles. `key`: with a function key, which knows no persons.')
@allowed(['entra', 'key'])
param authMode string = 'entra'

@description('Whether to make the app registration that callers sign in to. Needs directory rights; off, give `signInClientId`.')
param createRegistration bool = true

@description('Client id of a registration that is there already; only without `createRegistration`.')
param signInClientId string = ''

@description('Identifier URI of that registration, if it has one.')
param signInIdentifierUri string = ''

@description('Whether people with a role may get a token by the Azure CLI, as docs/runbook.md does.')
param allowAzureCli bool = true

@description('Object ids of users, groups or service principals that get the role Licenses.Manage.')
param managerObjectIds array = []

@description('Object ids of users, groups or service principals that get the role Licenses.Read.')
param readerObjectIds array = []

@description('Who refuses callers without sign-in: App Service (`platform`), or the app itself where App Service does not let the wait URL through (`app`). See docs/permissions.md.')
@allowed(['platform', 'app'])
param signInRefusal string = 'platform'

@description('Whether to grant the Microsoft Graph roles. Off by default, since it needs Privileged Role Administrator: then an administrator runs infra/scripts/grant-graph-roles.')
param grantGraphRoles bool = false

@description('Whether jobs may set a user\'s usage location (User.ReadWrite.All).')
param setUsageLocation bool = true

@description('Whether groups with hidden membership may be used (Member.Read.Hidden).')
param readHiddenMembers bool = false

@description('Whether exports may be stored in SharePoint (Sites.ReadWrite.All).')
param exportToSharePoint bool = false

@description('Whether Storage is reached by private endpoints alone.')
param privateNetwork bool = false

@description('Address range of the private network.')
param networkAddressPrefix string = '10.60.0.0/24'

@description('Range of the app\'s subnet in it, /27 or larger: at most one address an instance.')
param appSubnetPrefix string = '10.60.0.0/26'

@description('Range of the subnet of the private endpoints in it.')
param endpointSubnetPrefix string = '10.60.0.64/26'

@description('Redundancy of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Days for which a deleted blob can be had back.')
@minValue(1)
@maxValue(365)
param blobRecoveryDays int = 14

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of each function. All share one write limit, so more do not write faster.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances of the HTTP side that are always warm.')
@minValue(0)
param alwaysReadyHttpInstances int = 0

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Most gigabytes of logs a day; -1 is no limit.')
param logDailyCapGb int = 5

@description('Mail addresses that get the alerts.')
param alertMailAddresses array = []

@description('A timer counts as stopped after this time without a run; well above both schedules.')
@allowed(['PT30M', 'PT45M', 'PT1H', 'PT2H', 'PT3H', 'PT4H', 'PT5H', 'PT6H', 'P1D', 'P2D'])
param sweepStoppedAfter string = 'PT1H'

@description('Setting GRAPH_ENDPOINT: the v1.0 root of the tenant\'s cloud.')
param graphEndpoint string = 'https://graph.microsoft.com/v1.0'

@description('Setting GRAPH_WRITE_LIMIT: writes/seconds of the app in the tenant, all instances together.')
param graphWriteLimit string = '3000/150'

@description('Setting GRAPH_READ_DELAY_SECONDS: how long a reading of Graph may lag behind a write.')
@minValue(0)
param graphReadDelaySeconds int = 60

@description('Setting RETRY_SCHEDULE (NCRONTAB, UTC): when due retries and lost messages are looked for.')
param retrySchedule string = '0 */15 * * * *'

@description('Setting EXPIRY_SCHEDULE (NCRONTAB, UTC): when expired licenses are taken.')
param expirySchedule string = '0 */15 * * * *'

@description('Setting RETRY_DELAY_SECONDS: wait before the second attempt; it doubles.')
@minValue(0)
param retryDelaySeconds int = 10

@description('Setting RETRY_MAX_ATTEMPTS: attempts at a user before a passing error counts as failed.')
@minValue(1)
param retryMaxAttempts int = 10

@description('Setting EXPIRY_MAX_REMOVALS: most licenses a sweep takes without asking a person.')
@minValue(1)
param expiryMaxRemovals int = 1000

@description('Setting EXPIRY_NOTICE_DAYS: how many days before their end licences are announced to subscribers, by commas.')
param expiryNoticeDays string = '14,7,1'

@description('Setting SUBMITS_PER_MINUTE: most jobs a caller may submit a minute.')
@minValue(1)
param submitsPerMinute int = 300

@description('Setting JOB_RETENTION_DAYS: how long ended jobs and their files are kept. Running grants never go.')
@minValue(1)
param jobRetentionDays int = 400

@description('Setting CALLBACK_HOSTS: hosts that a job may call back, `host` or `host:port`, by commas.')
param callbackHosts string = ''

@description('Setting PUBLIC_BASE_URL: address in links, where the app is behind a gateway; empty: the request\'s host.')
param publicBaseUrl string = ''

var suffix = uniqueString(subscription().id, resourceGroupName, location)
var appName = 'func-licenses-${environmentName}-${take(suffix, 6)}'
var packageContainer = 'app-package'
var tags = { 'azd-env-name': environmentName }
var settings = {
  AUTH_MODE: authMode
  CALLBACK_HOSTS: callbackHosts
  EXPIRY_MAX_REMOVALS: string(expiryMaxRemovals)
  EXPIRY_NOTICE_DAYS: expiryNoticeDays
  EXPIRY_SCHEDULE: expirySchedule
  GRAPH_ENDPOINT: graphEndpoint
  GRAPH_READ_DELAY_SECONDS: string(graphReadDelaySeconds)
  GRAPH_WRITE_LIMIT: graphWriteLimit
  JOB_RETENTION_DAYS: string(jobRetentionDays)
  PUBLIC_BASE_URL: publicBaseUrl
  RETRY_DELAY_SECONDS: string(retryDelaySeconds)
  RETRY_MAX_ATTEMPTS: string(retryMaxAttempts)
  RETRY_SCHEDULE: retrySchedule
  SUBMITS_PER_MINUTE: string(submitsPerMinute)
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  scope: group
  params: {
    name: 'id-licenses-${environmentName}-${take(suffix, 6)}'
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-licenses-${environmentName}'
    insightsName: 'appi-licenses-${environmentName}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'app/storage.bicep' = {
  scope: group
  params: {
    name: 'stlic${suffix}'
    location: location
    tags: tags
    redundancy: storageRedundancy
    privateNetwork: privateNetwork
    blobRecoveryDays: blobRecoveryDays
    exportRetentionDays: jobRetentionDays
    workspaceId: monitoring.outputs.workspaceId
    packageContainer: packageContainer
  }
}

module network 'app/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    name: 'vnet-licenses-${environmentName}'
    location: location
    tags: tags
    addressPrefix: networkAddressPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    storageId: storage.outputs.id
    storageName: storage.outputs.name
  }
}

module roles 'app/roles.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module app 'app/functionapp.bicep' = {
  scope: group
  // Without its roles the app could not read its package.
  dependsOn: [roles]
  params: {
    name: appName
    planName: 'plan-licenses-${environmentName}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    packageContainer: packageContainer
    insightsName: monitoring.outputs.insightsName
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    settings: settings
  }
}

module registration 'directory/registration.bicep' = if (createRegistration && authMode == 'entra') {
  scope: group
  params: {
    uniqueName: appName
    displayName: 'License Management for Microsoft 365 (${environmentName})'
    hostName: app.outputs.hostName
    identityPrincipalId: identity.outputs.principalId
    allowAzureCli: allowAzureCli
    managerObjectIds: managerObjectIds
    readerObjectIds: readerObjectIds
  }
}

module signIn 'app/sign-in.bicep' = {
  scope: group
  params: {
    appName: app.outputs.name
    enabled: authMode == 'entra'
    clientId: createRegistration && authMode == 'entra' ? registration!.outputs.clientId : signInClientId
    identifierUri: createRegistration && authMode == 'entra' ? registration!.outputs.identifierUri : signInIdentifierUri
    refusal: signInRefusal
  }
}

module graphRoles 'directory/graph-roles.bicep' = if (grantGraphRoles) {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    setUsageLocation: setUsageLocation
    readHiddenMembers: readHiddenMembers
    exportToSharePoint: exportToSharePoint
  }
}

module alerts 'app/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    prefix: 'licenses-${environmentName}'
    workspaceId: monitoring.outputs.workspaceId
    insightsId: monitoring.outputs.insightsId
    hostName: app.outputs.hostName
    mailAddresses: alertMailAddresses
    sweepStoppedAfter: sweepStoppedAfter
  }
}

@description('Resource group, for the commands of docs/runbook.md.')
output RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output FUNCTION_APP string = app.outputs.name

@description('Address of the portal.')
output PORTAL_URL string = 'https://${app.outputs.hostName}/portal/'

@description('Name of the storage account.')
output STORAGE_ACCOUNT string = storage.outputs.name

@description('Object id of the identity, for infra/scripts/grant-graph-roles.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('Resource id of the workspace, for the queries of infra/queries.')
output WORKSPACE_ID string = monitoring.outputs.workspaceId

@description('Client id that callers ask a token for; empty with function keys.')
output SIGN_IN_CLIENT_ID string = createRegistration && authMode == 'entra' ? registration!.outputs.clientId : signInClientId
