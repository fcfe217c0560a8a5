"""Do the clocks agree?"""

from app.operations.doctor.check import Check, judge

# Events are numbered and dated by Redis' clock; a few seconds put them beside what people remember.
MOST_SECONDS = 2.0


def compare(server: str, before: float, there: float | tuple[int, int], after: float) -> Check:
    """A server's time beside this machine's, before it was asked and after it answered (Unix, s).

    Redis gives seconds and microseconds.
    """
    there = there[0] + there[1] / 1e6 if isinstance(there, tuple) else there
    difference = there - (before + after) / 2
    unsure = (after - before) / 2
    value = f"{abs(difference):.1f} s {'ahead of' if difference > 0 else 'behind'} this machine"
    advice = "Keep the clocks of all machines in step (NTP)"
    return judge(f"clock of {server}", abs(difference) - unsure <= MOST_SECONDS, value, advice)
