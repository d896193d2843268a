"""Azure Storage: one module a kind of record. Everything here speaks entities and keys; nothing decides."""
