// App Service Authentication in front of the app: who is not signed in gets 401, never a login page, since a flow
// cannot use one. The app itself checks the role on every route (shared/principal.py).

@description('Name of the function app.')
param appName string

@description('Whether callers sign in with Entra ID. Off, routes take a function key, which the host checks.')
param enabled bool

@description('Client id of the registration that callers ask a token for.')
param clientId string

@description('Identifier URI of that registration; empty if it has none.')
param identifierUri string

@description('Who refuses callers without sign-in. `platform`: App Service does, before the app is reached. `app`: App Service only examines what is sent, and the app answers 401; for the case that the platform does not let the wait URL through.')
@allowed(['platform', 'app'])
param refusal string

// Without data: the portal's files, whether the app is well, and its description. The wait URL carries a token of
// its own, which the app checks. Nothing else may be added here: a test holds this list against the routes' table.
var openPaths = [
  '/portal'
  '/portal/*'
  '/api/health'
  '/api/openapi.json'
  '/api/jobs/*/wait'
]

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName
}

resource signIn 'Microsoft.Web/sites/config@2024-04-01' = {
  // checkov:skip=CKV_AZURE_13: this is what turns sign-in on, by a parameter that the rule cannot read
  // checkov:skip=CKV_AZURE_63: a rule for `config/web`; requests are logged in Application Insights
  // checkov:skip=CKV_AZURE_65: a rule for `config/web` of Windows apps
  // checkov:skip=CKV_AZURE_66: a rule for `config/web` of Windows apps
  // checkov:skip=CKV_AZURE_80: a rule for `config/web`; the app runs on Python
  // checkov:skip=CKV_AZURE_88: a rule for `config/web`; Flex Consumption keeps the package in a blob container
  // checkov:skip=CKV_AZURE_222: a rule for `config/web`; flows and administrators call from the internet
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: enabled, runtimeVersion: '~1' }
    globalValidation: {
      requireAuthentication: refusal == 'platform'
      unauthenticatedClientAction: refusal == 'platform' ? 'Return401' : 'AllowAnonymous'
      excludedPaths: refusal == 'platform' ? openPaths : []
    }
    httpSettings: {
      requireHttps: true
      routes: { apiPrefix: '/.auth' }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: enabled
        registration: {
          clientId: clientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: empty(identifierUri) ? [clientId] : [clientId, identifierUri]
        }
        login: { disableWWWAuthenticate: false }
      }
    }
    login: {
      tokenStore: { enabled: true }
      preserveUrlFragmentsForLogins: true
    }
  }
}
