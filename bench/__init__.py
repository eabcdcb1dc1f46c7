"""Measure the product's menu against the same menu in plain dialplan, on the same Asterisk, in turns: `python -m bench`."""
