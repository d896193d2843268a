// What a person has to be told. Each rule reads a query of infra/queries; docs/runbook.md says what to do.

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Beginning of the names of all rules.')
param prefix string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the Application Insights resource.')
param insightsId string

@description('Host name of the app.')
param hostName string

@description('Mail addresses that are told. Without one the alerts still show in the portal of Azure.')
param mailAddresses array

@description('A sweep counts as stopped after this time without one, as an ISO 8601 duration that Azure Monitor knows. Well above EXPIRY_SCHEDULE and RETRY_SCHEDULE.')
@allowed(['PT30M', 'PT45M', 'PT1H', 'PT2H', 'PT3H', 'PT4H', 'PT5H', 'PT6H', 'P1D', 'P2D'])
param sweepStoppedAfter string

var rules = [
  {
    name: 'poison-messages'
    severity: 1
    what: 'A message could not be handled; what it stood for was ended as failed.'
    query: loadTextContent('../queries/poison-messages.kql')
  }
  {
    name: 'failed-jobs'
    severity: 2
    what: 'A job ended as Failed.'
    query: loadTextContent('../queries/failed-jobs.kql')
  }
  {
    name: 'queue-age'
    severity: 2
    what: 'Messages wait for more than 30 minutes.'
    query: loadTextContent('../queries/queue-age.kql')
  }
  {
    name: 'graph-refusals'
    severity: 1
    what: 'Microsoft Graph or its sign-in refuses the app: 401 or 403.'
    query: loadTextContent('../queries/graph-refusals.kql')
  }
  {
    name: 'held-sweeps'
    severity: 1
    what: 'More licenses are due than a sweep may take; it waits for a person.'
    query: loadTextContent('../queries/held-sweeps.kql')
  }
  {
    name: 'undelivered-events'
    severity: 3
    what: 'A subscriber or a callback URL could not be told of an event.'
    query: loadTextContent('../queries/undelivered-events.kql')
  }
  {
    name: 'failed-timers'
    severity: 2
    what: 'A timer ended with an error.'
    query: loadTextContent('../queries/failed-timers.kql')
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'Licenses'
    enabled: true
    emailReceivers: [
      for (address, index) in mailAddresses: {
        name: 'mail-${index}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    properties: {
      displayName: 'License Management: ${rule.name}'
      description: '${rule.what} See docs/runbook.md.'
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      // A new workspace has no column yet that the app has not filled.
      skipQueryValidation: true
      criteria: {
        allOf: [
          { query: rule.query, timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }
        ]
      }
      actions: { actionGroups: [people.id] }
      autoMitigate: false
    }
  }
]

// Silence is the sign here: the query has a row for each timer that ran, so fewer than two mean that one stopped.
resource sweepStopped 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = {
  name: '${prefix}-sweep-stopped'
  location: location
  tags: tags
  properties: {
    displayName: 'License Management: sweep-stopped'
    description: 'A timer has not run: licenses do not expire, or what failed is not tried again. See docs/runbook.md.'
    severity: 1
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: sweepStoppedAfter
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: loadTextContent('../queries/timers-that-ran.kql')
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 2
        }
      ]
    }
    actions: { actionGroups: [people.id] }
    autoMitigate: true
  }
}

// From outside, so that it also tells when nothing of the app runs. 503 names the part that fails.
resource healthTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${prefix}-health'
  location: location
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    Name: '${prefix}-health'
    SyntheticMonitorId: '${prefix}-health'
    Enabled: true
    Kind: 'standard'
    Frequency: 300
    Timeout: 60
    RetryEnabled: true
    Locations: [
      { Id: 'emea-nl-ams-azr' }
      { Id: 'us-va-ash-azr' }
      { Id: 'apac-sg-sin-azr' }
    ]
    Request: {
      RequestUrl: 'https://${hostName}/api/health'
      HttpVerb: 'GET'
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource unhealthy 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-unhealthy'
  location: 'global'
  tags: tags
  properties: {
    description: 'GET /api/health fails: Storage, the token for Microsoft Graph, or the app itself. See docs/runbook.md.'
    severity: 1
    enabled: true
    scopes: [healthTest.id, insightsId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: healthTest.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [
      { actionGroupId: people.id }
    ]
  }
}
