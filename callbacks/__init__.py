"""Callback requests: the promise that a citizen is rung back."""
