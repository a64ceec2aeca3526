"""Bytes by key, in a folder or in an object store; knows nothing about what they mean."""
