"""A model's folder or file made ready to run: read as a project, checked, packed as a bundle, given an environment.

Synchronous throughout; called in threads. Knows nothing about the store, the services or HTTP.
"""
