"""Compares a server's clock with this machine's."""

from app.operations.doctor.check import Check, ok_or_fail

# Redis' clock numbers and dates the events; a difference of two seconds does not matter to readers.
MAX_DIFFERENCE_SECONDS = 2.0


def compare(server: str, before: float, server_time: float | tuple[int, int], after: float) -> Check:
    """Compare a server's time with this machine's before the question and after the answer (Unix, s).

    Redis gives its time as seconds and microseconds.
    """
    if isinstance(server_time, tuple):
        server_time = server_time[0] + server_time[1] / 1e6
    difference = server_time - (before + after) / 2
    uncertainty = (after - before) / 2
    value = f"{abs(difference):.1f} s {'ahead of' if difference > 0 else 'behind'} this machine"
    passed = abs(difference) - uncertainty <= MAX_DIFFERENCE_SECONDS
    return ok_or_fail(
        f"clock of {server}", passed, value, "Synchronize the clocks of all machines (NTP)"
    )
