<#
.SYNOPSIS
    Grant the function app's identity its Microsoft Graph application roles.
.DESCRIPTION
    For a directory administrator (Privileged Role Administrator) where whoever deploys has no such right. Needs the
    module Microsoft.Graph.Applications. May be run again: what is granted stays.
.PARAMETER PrincipalId
    Object id of the identity: IDENTITY_PRINCIPAL_ID of the deployment (azd env get-value IDENTITY_PRINCIPAL_ID).
.PARAMETER NoUsageLocation
    Leave User.ReadWrite.All out: jobs then cannot set a usage location.
.PARAMETER HiddenMembers
    Grant Member.Read.Hidden, for groups with hidden membership.
.PARAMETER SharePoint
    Grant Sites.ReadWrite.All, for exports to SharePoint.
.EXAMPLE
    ./grant-graph-roles.ps1 -PrincipalId 11111111-2222-3333-4444-555555555555 -SharePoint
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [guid] $PrincipalId,
    [switch] $NoUsageLocation,
    [switch] $HiddenMembers,
    [switch] $SharePoint,
    [ValidateSet('Global', 'USGov', 'USGovDoD', 'China')] [string] $Environment = 'Global'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$roles = @(
    'LicenseAssignment.ReadWrite.All'
    'LicenseAssignment.Read.All'
    'User.Read.All'
    'GroupMember.Read.All'
)
if (-not $NoUsageLocation) { $roles += 'User.ReadWrite.All' }
if ($HiddenMembers) { $roles += 'Member.Read.Hidden' }
if ($SharePoint) { $roles += 'Sites.ReadWrite.All' }

Connect-MgGraph -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All' -Environment $Environment -NoWelcome
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$held = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $PrincipalId -All | ForEach-Object AppRoleId)

foreach ($role in $roles) {
    $id = ($graph.AppRoles | Where-Object { $_.Value -eq $role -and $_.AllowedMemberTypes -contains 'Application' }).Id
    if (-not $id) { throw "${role}: Microsoft Graph has no such role in this cloud" }
    if ($held -contains $id) {
        Write-Output "${role}: granted already"
    }
    elseif ($PSCmdlet.ShouldProcess($role, 'Grant')) {
        $grant = @{ PrincipalId = $PrincipalId; ResourceId = $graph.Id; AppRoleId = $id }
        $null = New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $PrincipalId -BodyParameter $grant
        Write-Output "${role}: granted"
    }
}
Write-Output 'Done. Tokens that are out already do not know new roles: it can take hours until all calls go through.'
