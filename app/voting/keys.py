"""The names of all Redis keys of the product; no other file builds one.

A project's keys carry the hash tag of its shard, so one function call touches one slot of a Cluster.

| key                        | type            | holds                                              |
|----------------------------|-----------------|----------------------------------------------------|
| `{v:S}:tally:P`            | hash            | `up`, `down`, `version`, `epoch`, `start`, `used`, |
|                            |                 | and what votes depend on: `closed`, `author`       |
| `{v:S}:votes:P`            | hash            | user id -> `1` or `-1`                             |
| `{v:S}:rate:P:U`           | string, expires | times of U's last accepted votes on P              |
| `{v:S}:account:U`          | string, expires | times of U's last accepted votes; S is 0, except   |
|                            |                 | on a Cluster, where each shard counts by itself    |
| `{v:S}:epoch`              | string          | the epoch of the shard that this copy belongs to   |
| `{v:S}:events`             | stream          | events not yet persisted                           |
| `{v:S}:kept`               | stream          | events persisted in the last minutes, compressed   |
| `{v:S}:origin`             | hash            | `board`, and `server` and `nonce` of the last      |
|                            |                 | comparison; `before` (earlier epochs); `persisted` |
|                            |                 | (the last persisted entry)                         |
| `{v:S}:changed`            | hash            | project -> version, waiting for the next sync      |
| `{v:S}:rules`              | hash            | the rules of voting: `revision`, `from`, `until`,  |
|                            |                 | `policies`, `budget`                               |
| `{v:S}:counts`             | hash            | user id -> votes in force, with a budget; S as for |
|                            |                 | `account`                                          |
| `{v:S}:claims`             | hash            | user id -> the token of the process that counts    |
| `{v:0}:shards`             | string          | how many shards the votes are divided into         |
| `{v:S}:claim:P`            | string, expires | the token of the process that hydrates P           |
| `{v:S}:closing:P`          | string, expires | the token of the process that closes or opens P    |
| `{v:S}:staged:P:TOKEN`     | hash, expires   | votes read so far while P is hydrated              |
| `limit:{KIND:SUBJECT}`     | list, expires   | times of attempts of an address, name or account   |
| `sessions:ended`           | hash, expires   | user id -> until when (ms) all sessions are over,  |
|                            |                 | and the field `complete` if no user is missing     |
| `sessions:signed-out`      | stream, expires | sessions whose browser has signed out              |
| `arq:run:JOB:TIME`         | string, expires | the claim of a run of a frequent job               |
| `metrics:votes`            | hash            | totals over all processes                          |
| `metrics:worker`           | hash            | the last run of each job, and of verify            |
| `metrics:processes`        | hash            | the last heartbeat and the state of each process   |
| `metrics:history`          | list            | an hour of samples, one every ten seconds          |
"""

SHARDS = "{v:0}:shards"  # shard 0 always exists
ENDED_SESSIONS = "sessions:ended"
SIGNED_OUT = "sessions:signed-out"
METRICS = "metrics:votes"
METRICS_WORKER = "metrics:worker"
METRICS_PROCESSES = "metrics:processes"
METRICS_HISTORY = "metrics:history"


def shard_of(project_id: int, shards: int) -> int:
    """Return the shard of a project; `shards` is VOTE_SHARDS."""
    return project_id % shards


def tally(shard: int, project_id: int) -> str:
    return f"{{v:{shard}}}:tally:{project_id}"


def all_tallies(shard: int) -> str:
    """Return the pattern that matches every tally key of a shard."""
    return f"{{v:{shard}}}:tally:*"


def everything(shard: int) -> str:
    """Return the pattern that matches every key of a shard."""
    return f"{{v:{shard}}}:*"


def project_of(key: bytes) -> int:
    """Return the project that a tally key belongs to."""
    return int(key.rsplit(b":", 1)[1])


def votes(shard: int, project_id: int) -> str:
    return f"{{v:{shard}}}:votes:{project_id}"


def rate(shard: int, project_id: int, user_id: int) -> str:
    return f"{{v:{shard}}}:rate:{project_id}:{user_id}"


def account(shard: int, user_id: int) -> str:
    return f"{{v:{shard}}}:account:{user_id}"


def epoch(shard: int) -> str:
    return f"{{v:{shard}}}:epoch"


def events(shard: int) -> str:
    return f"{{v:{shard}}}:events"


def kept(shard: int) -> str:
    return f"{{v:{shard}}}:kept"


def origin(shard: int) -> str:
    return f"{{v:{shard}}}:origin"


def changed(shard: int) -> str:
    return f"{{v:{shard}}}:changed"


def claim(shard: int, project_id: int) -> str:
    return f"{{v:{shard}}}:claim:{project_id}"


def closing(shard: int, project_id: int) -> str:
    return f"{{v:{shard}}}:closing:{project_id}"


def rules(shard: int) -> str:
    return f"{{v:{shard}}}:rules"


def counts(shard: int) -> str:
    """Return the key of the votes in force of all accounts."""
    return f"{{v:{shard}}}:counts"


def claims(shard: int) -> str:
    return f"{{v:{shard}}}:claims"


def job_run(job: str, at: int) -> str:
    """Return the key of the run of a job that is due at a Unix time (s)."""
    return f"arq:run:{job}:{at}"


def limit(kind: str, subject: str) -> str:
    """Return the key of a limit that is not on votes; on a Cluster each has a slot of its own."""
    return f"limit:{{{kind}:{subject}}}"


def staged(shard: int, project_id: int, token: str) -> str:
    return f"{{v:{shard}}}:staged:{project_id}:{token}"
