"""The projects that streams watch: a bounded number of them, since each is read with every tick."""

from collections import Counter
from collections.abc import Iterable


class Watched:
    """Counts the streams of each watched project, for up to `most` projects."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._streams: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, project_ids: Iterable[int]) -> frozenset[int]:
        """Add a stream; return those of its projects that there is room for or that are watched."""
        accepted = set()
        for project_id in project_ids:
            if project_id in self._streams or len(self._streams) < self._most:
                self._streams[project_id] += 1
                accepted.add(project_id)
        return frozenset(accepted)

    def remove(self, project_ids: Iterable[int]) -> None:
        """Remove what `add` accepted."""
        for project_id in project_ids:
            self._streams[project_id] -= 1
            if not self._streams[project_id]:
                del self._streams[project_id]
