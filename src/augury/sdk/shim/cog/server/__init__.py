"""The part of `cog.server` that models import: `exceptions`."""
