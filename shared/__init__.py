"""The domain: what licence changes mean and how a job lives. Knows nothing of Azure Functions."""
