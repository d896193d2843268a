"""The custom connector for Power Automate, made from the same routes and shapes as the API itself.

`python -m connector.build` writes the definition, the properties and the icon into this folder.
"""
