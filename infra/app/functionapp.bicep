// The plan and the app, with every setting that shared/config.py knows or a default there; a test holds the two
// against each other.

@description('Name of the function app, and of its address below azurewebsites.net.')
param name string

@description('Name of the Flex Consumption plan.')
param planName string

@description('Region.')
param location string

@description('Tags of the resources; the app gets azd\'s service name on top.')
param tags object

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Root of the blob service, with a slash at its end.')
param blobEndpoint string

@description('Root of the queue service.')
param queueEndpoint string

@description('Root of the table service.')
param tableEndpoint string

@description('Container of the package.')
param packageContainer string

@description('Name of the Application Insights resource.')
param insightsName string

@description('Subnet for outgoing traffic; empty without a private network.')
param subnetId string

@description('Memory of an instance in MB. The app needs about 250 at 100,000 users.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Most instances. More do not write faster: all share one window of GRAPH_WRITE_LIMIT.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances of the HTTP side that are always warm; 0 lets a first request wait for a cold start.')
@minValue(0)
param alwaysReadyHttpInstances int

@description('Settings of the app, by the names of docs/permissions.md and README.md.')
param settings object

var platformSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // Alerts read the log lines below infra/queries; sampling would drop some of them.
  AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__excludedTypes: 'Request;Trace;Exception'
  // At least as many threads as messages a function may have on an instance (batchSize + newBatchThreshold of
  // host.json): one that waits for a thread keeps its lease and its time limit running.
  PYTHON_THREADPOOL_THREAD_COUNT: '16'
  // The identity is the credential of the sign-in's registration.
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
}
var graphSettings = {
  GRAPH_AUTH: 'managedIdentity'
  CLIENT_ID: identityClientId
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225: zone redundancy needs two always-ready instances in every zone; a stopped zone delays jobs, and queues keep them
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_17: callers are people, flows and other apps with Entra tokens; none has a client certificate
  // checkov:skip=CKV_AZURE_222: flows and administrators call from the internet; sign-in guards every route but those without data
  // checkov:skip=CKV_AZURE_212: Flex Consumption has no fixed number of instances; it adds them by load and starts at none
  // checkov:skip=CKV_AZURE_213: Flex Consumption replaces instances by itself; alerts.bicep asks /api/health from outside
  name: name
  location: location
  kind: 'functionapp,linux'
  tags: union(tags, { 'azd-service-name': 'api' })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.11' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttpInstances == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyHttpInstances }]
        // As many as have a thread of their own: handlers/own_threads.py.
        triggers: { http: { perInstanceConcurrency: 16 } }
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  // checkov:skip=CKV_AZURE_13: a rule for other documents of this type; sign-in is set up in sign-in.bicep
  // checkov:skip=CKV_AZURE_63: a rule for `config/web`; requests are logged in Application Insights
  // checkov:skip=CKV_AZURE_65: a rule for `config/web` of Windows apps
  // checkov:skip=CKV_AZURE_66: a rule for `config/web` of Windows apps
  // checkov:skip=CKV_AZURE_80: a rule for `config/web`; the app runs on Python
  // checkov:skip=CKV_AZURE_88: a rule for `config/web`; Flex Consumption keeps the package in a blob container
  // checkov:skip=CKV_AZURE_222: a rule for `config/web`; flows and administrators call from the internet
  parent: app
  name: 'appsettings'
  properties: union(settings, graphSettings, platformSettings)
}

// Deployment goes by Entra sign-in alone.
resource passwordsOff 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = [
  for kind in ['ftp', 'scm']: {
    parent: app
    name: kind
    properties: { allow: false }
  }
]

@description('Name of the app.')
output name string = app.name

@description('Resource id of the app.')
output id string = app.id

@description('Host name of the app.')
output hostName string = app.properties.defaultHostName
