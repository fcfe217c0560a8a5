"""The interval of each worker job, for workers/schedule.py and for `upvote doctor`."""

from app.settings import Settings

WITHDRAW_SECONDS = 5
INDEX_SECONDS = 5
FINISH_SECONDS = 5
SAMPLE_SECONDS = 10
MAIL_SECONDS = 5
SEND_WEBHOOKS_SECONDS = 1
LINK_KEY_SECONDS = 60
ODD_SECONDS = 60


def intervals(settings: Settings) -> dict[str, int]:
    """Return the longest time (s) between two runs of each job, by its name."""
    return {
        "persist_events": settings.persist_interval,
        "sync_tallies": settings.sync_interval,
        "withdraw_votes": WITHDRAW_SECONDS,
        "index_projects": INDEX_SECONDS,
        "finish_voting": FINISH_SECONDS,
        "send_mails": MAIL_SECONDS,
        "send_webhooks": SEND_WEBHOOKS_SECONDS,
        "note_history": SAMPLE_SECONDS,
        "fill_link_keys": LINK_KEY_SECONDS,
        "find_odd_votes": ODD_SECONDS,
        "cool_projects": 900,
        "remove_expired": 3_600,
        "make_partitions": 86_400,
        "drop_partitions": 86_400,
        "reconcile": 3_600,
    }
