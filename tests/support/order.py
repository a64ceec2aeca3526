"""In which order several testers take the files: those that take longest first, so that all have work to the end.

A file is one tester's. One that takes a minute and comes last is waited for by all others, which xdist's own order, by
the number of tests, brings about: whole lives of servers are few tests. Knows nothing about what is in the files.
"""

from __future__ import annotations

LONGEST = (
    "acceptance/test_chaos.py",
    "scenarios/test_surviving.py",
    "scenarios/test_secrets.py",
    "scenarios/test_staying_flat.py",
    "scenarios/test_lost_hints.py",
    "scenarios/test_files.py",
    "scenarios/test_streaming.py",
    "scenarios/test_cold_starts.py",
    "scenarios/test_starting.py",
    "compat/test_npm.py",
    "examples/test_examples.py",
    "examples/test_more_clients.py",
    "examples/test_other_apis.py",
    "compat/test_openai_stopping.py",
    "scenarios/test_on_postgresql.py",
    "scenarios/test_webhooks.py",
    "webhooks/test_sender.py",
    "api/test_rate_limits.py",
    "cli/test_bad_models.py",
    "compat/test_replicate.py",
    "cog/test_running.py",
    "cog/test_folders.py",
    "service/test_interleavings.py",
    "cli/test_streaming.py",
    "cli/test_push.py",
    "cli/test_check_and_run.py",
    "cli/test_cog.py",
    "scenarios/test_batches.py",
    "scenarios/test_neighbours.py",
    "scenarios/test_hardware.py",
    "scenarios/test_cancelling.py",
    "cli/test_predict.py",
    "service/test_retention.py",
    "scenarios/test_healthchecks.py",
    "compat/test_replicate_streams.py",
    "compat/test_responses_page.py",
    "compat/test_openai_hanging_up.py",
    "compat/test_anthropic_hanging_up.py",
    "cli/test_transfer.py",
    "cli/test_restart.py",
)
"""Files that take ten seconds and more on an idle machine, longest first: what pytest's `--durations` says, roughly."""
_PLACES = {name: place for place, name in enumerate(LONGEST)}


def of_files(names: list[str]) -> list[str]:
    """The files of tests, one name a test, in the order in which they are to begin: then those with the most tests."""
    return sorted(dict.fromkeys(names), key=lambda name: (_PLACES.get(name, len(LONGEST)), -names.count(name)))
