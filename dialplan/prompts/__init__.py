"""The texts that callers hear, and how they become sound files."""
