"""Who may do what: roles, the IFO duty, tokens, and the one table of routes. Knows nothing of calls."""
