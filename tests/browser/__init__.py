"""A package, so that what is set up once for it, the browser, ends with its last test."""
