"""The telephony edge and composition root: it connects Asterisk with the packages that decide, and decides nothing itself."""
