"""Shared words and pure decisions: no clock, no input or output, nothing of ours imported."""
