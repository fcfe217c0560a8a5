"""A child known by its id alone is waited for and ended like any other."""

import signal
import subprocess
import sys

import pytest

from app.launcher.adopted_child import AdoptedChild
from tests.waiting import CEILING


@pytest.fixture
def child():
    process = subprocess.Popen(["sleep", "3600"])
    adopted = AdoptedChild(process.pid)
    yield adopted
    adopted.kill()
    process.returncode = adopted.wait(CEILING)


def test_it_is_waited_for_and_ended(child: AdoptedChild):
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0)
    child.terminate()
    assert child.wait(CEILING) == child.poll() == -signal.SIGTERM
    child.kill()  # does nothing: the id may be that of another process now


def test_one_that_does_not_obey_is_killed(monkeypatch: pytest.MonkeyPatch, child: AdoptedChild):
    monkeypatch.setattr(child, "terminate", lambda: None)
    child.end(0)
    assert child.poll() == -signal.SIGKILL


def test_where_the_signal_of_its_end_is_ignored_it_counts_as_ended():
    """As behind `trap '' CHLD`: the system forgets it, with its exit code."""
    code = f"""if True:
        import signal, subprocess
        from app.launcher.adopted_child import AdoptedChild
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print(AdoptedChild(subprocess.Popen(["true"]).pid).wait({CEILING}))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=CEILING)
    assert done.stdout == b"0\n"
