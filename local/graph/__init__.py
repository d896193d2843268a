"""Simulator of the part of Microsoft Graph v1.0 that licence management uses.

`python -m local.graph --port 7072` serves a tenant in memory: groups, users, licences with seat arithmetic,
`$batch`, throttling and delayed reads, plus the token endpoints and drives. Tests steer it under `/_control`.
Which module holds what: `state` the tenant, `rules` what assignLicense decides, `messages` every error wording,
`routes` the calls and their cost.
"""
