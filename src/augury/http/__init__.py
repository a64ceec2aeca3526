"""What every driver that speaks HTTP shares: who asks, bodies, preferences, errors, server-sent events."""
