// Asks the board for what a screen shows.

const GIVE_UP = 5000; // ms until a request counts as failed
const CLOSED = new Set([401, 403, 404]);
const CERTAIN = 3; // refusals in a row; a proxy may answer so for a moment, while the board restarts
let refusals = 0;

// Returns /screen/PART as a document. Loads the page again, which shows the reason, if access has ended or the
// track is gone.
export async function askScreen(part) {
  const {track} = document.body.dataset;
  const address = `/screen/${part}${track ? `?track=${track}` : ''}`;
  const answer = await fetch(address, {signal: AbortSignal.timeout(GIVE_UP)});
  refusals = answer.redirected || CLOSED.has(answer.status) ? refusals + 1 : 0;
  if (refusals === CERTAIN) location.reload();
  if (answer.redirected || !answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}
