// Logs and telemetry. Keys are off: the app's identity writes, people read with their own sign-in.

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights resource.')
param insightsName string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Days for which logs are kept. They hold job ids and error texts, no licences of users.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Most gigabytes a day; -1 is no limit. The app logs about 5 lines a request and 1 a message.')
param dailyCapGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

@description('Resource id of the workspace, which queries and alerts read.')
output workspaceId string = workspace.id

@description('Name of the Application Insights resource.')
output insightsName string = insights.name

@description('Resource id of the Application Insights resource.')
output insightsId string = insights.id
