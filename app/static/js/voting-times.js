// The times of voting, by the server's clock, and the buttons that they turn on and off.

// Parses {now, from, until}, each a text in ISO 8601 or null. `ahead` says by how many ms the server's
// clock is ahead of this one; a board without times does not say it.
export function readTimes(times) {
  const [now, from, until] = [times.now, times.from, times.until].map(Date.parse);
  return {ahead: now - Date.now() || 0, from, until};
}

// Returns before, open or ended.
export function phaseOf({ahead, from, until}) {
  const now = Date.now() + ahead;
  if (now < from) return 'before';
  return now >= until ? 'ended' : 'open';
}
