"""Walks the rendered dialplan, key by key, to show where every call ends. It reads text and talks to nobody."""
