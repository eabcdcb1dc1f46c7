"""Notices of callback requests, by mail and webhook. They name no person, and nothing about what is protected."""
