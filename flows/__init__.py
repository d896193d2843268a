"""Sample flows for Power Automate. They import without our connector: every call is the built-in HTTP action.

`python -m flows.build` writes each sample twice: readable as `<name>.json`, and as a package to import, `<name>.zip`.
"""
