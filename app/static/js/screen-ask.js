// Asks the board for what a screen shows.

const GIVE_UP = 5000; // ms until a request counts as failed
const CLOSED = new Set([401, 403, 404]);

// Returns /screen/PART as a document. A screen that may not be seen any more, or whose track is gone, loads its
// page again, which says so.
export async function askScreen(part) {
  const {track} = document.body.dataset;
  const address = `/screen/${part}${track ? `?track=${track}` : ''}`;
  const answer = await fetch(address, {signal: AbortSignal.timeout(GIVE_UP)});
  if (answer.redirected || CLOSED.has(answer.status)) location.reload();
  if (answer.redirected || !answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}
