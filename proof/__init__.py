"""Demonstrations: what the product promises, shown on real calls in numbers that no test would wait for."""
