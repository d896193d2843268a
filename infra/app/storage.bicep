// Everything the app keeps. Names of tables, queues and the container are those of shared/storage/connection.py;
// a test holds the two against each other.

@description('Name of the storage account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Redundancy. Zone-redundant by default: the account holds the only record of what users held before a change.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param redundancy string

@description('Whether the account is reachable from private endpoints alone.')
param privateNetwork bool

@description('Days for which a deleted blob (an export, the package, the state of a timer) can be had back.')
@minValue(1)
@maxValue(365)
param blobRecoveryDays int

@description('Days after which an exported file is deleted; as long as its job is kept.')
@minValue(1)
param exportRetentionDays int

@description('Workspace that gets the log of all reads, writes and deletions on the account.')
param workspaceId string

@description('Container of the package that the app runs from.')
param packageContainer string

var exportContainer = 'license-exports'
var queues = ['license-jobs', 'license-groups', 'license-chunks', 'license-events']
var tables = ['jobs', 'jobindex', 'work', 'grants', 'audit', 'support', 'events']

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  // checkov:skip=CKV_AZURE_35: without the private network the app's instances have no addresses of their own that a firewall could name; only Entra tokens open the account
  // checkov:skip=CKV_AZURE_59: public access is switched off with the private network; without it the app itself comes in by the public endpoint
  // checkov:skip=CKV_AZURE_206: the redundancy is a parameter, which the rule cannot read; all its values replicate, zone-redundant by default
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
    sasPolicy: {
      expirationAction: 'Block'
      sasExpirationPeriod: '00.01:00:00'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: blobRecoveryDays }
    containerDeleteRetentionPolicy: { enabled: true, days: blobRecoveryDays }
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: packageContainer
  properties: { publicAccess: 'None' }
}

resource exports 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: exportContainer
  properties: { publicAccess: 'None' }
}

resource exportsEnd 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'exports-end-with-their-job'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${exportContainer}/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: exportRetentionDays } } }
          }
        }
      ]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource workQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

// The host makes them on first use, but their functions poll from the start, and alerts read them.
resource poisonQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = [
  for queue in queues: {
    parent: queueService
    name: '${queue}-poison'
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource recordTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = [
  for table in tables: {
    parent: tableService
    name: table
  }
]

// Tables have no recycle bin: an account that is gone is gone with every grant and every undo.
resource keep 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'the-record-of-all-jobs'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the ledger of temporary licences and what undo needs. docs/runbook.md says how to move or remove it.'
  }
}

resource blobLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

// Reads of queues and tables are the app's own polling, millions a day; whoever changes or deletes is on record.
resource queueLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource tableLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tableService
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

@description('Name of the account.')
output name string = account.name

@description('Resource id of the account, for private endpoints.')
output id string = account.id

@description('Root of the blob service, with a slash at its end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Root of the queue service.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Root of the table service.')
output tableEndpoint string = account.properties.primaryEndpoints.table
