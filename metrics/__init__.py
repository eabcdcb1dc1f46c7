"""What is happening and what happened: call stories, the ledger, Prometheus. Knows nothing of callbacks or of the manager interface."""
