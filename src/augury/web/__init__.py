"""The web app as browsers get it: files that were built from `web/`, which use the public API alone."""
