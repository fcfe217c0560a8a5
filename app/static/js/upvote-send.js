// Decides when an <upvote-button> sends its vote, as hx-trigger does for the board's own buttons: after the
// debounce, one request at a time, and so that requests of one button begin MIN_VOTE_INTERVAL apart.
import {applyServerState, confirmedVersion, confirmedVote, findBox, isSecret} from './vote-box.js';
import {isPending, isWaiting, knownIntention} from './vote-intention.js';
import {beginRequest, concludeRequest, takeOnlyVote} from './vote-outcome.js';
import {showMessage} from './vote-message.js';
import {showWait} from './retry-after.js';
import {askBoard, nameOf, secondsToWait, stateOf} from './upvote-ask.js';
import {BUTTON_TIME, DEBOUNCE_DELAY, MIN_VOTE_INTERVAL} from './upvote-settings.js';
import {keptToken, takeToken} from './upvote-token.js';

export const newClock = () => ({timer: 0, isDebouncing: false, last: -Infinity});

export function sendDebounced(button) {
  const {clock} = button;
  clearTimeout(clock.timer);
  clock.isDebouncing = true;
  clock.timer = setTimeout(sendSpaced, DEBOUNCE_DELAY, button);
}

// Sends the wanted vote as soon as the last request of the button is long enough ago. A request that is in
// flight calls this again at its end.
export function sendSpaced(button) {
  const {clock, root} = button;
  clearTimeout(clock.timer);
  clock.isDebouncing = false;
  if (!isWaiting(root) || knownIntention(root).inFlight) return;
  const wait = timeLeft(clock);
  if (wait > 0) clock.timer = setTimeout(sendSpaced, wait, button);
  else send(button);
}

// Sends what is still wanted when the page is left or the button is removed. Nobody sees the answer.
export function sendAtOnce(button) {
  if (!keptToken() || !isWaiting(button.root)) return;
  const intention = knownIntention(button.root);
  intention.sent = intention.wanted;
  post(button, intention, keptToken()).catch(() => {});
}

const timeLeft = (clock) => clock.last + MIN_VOTE_INTERVAL - performance.now();

async function send(button) {
  const {clock, root} = button;
  const intention = knownIntention(root);
  intention.inFlight = true;
  intention.failure = '';
  let response;
  let answer;
  try {
    response = await sendWithToken(button, intention);
    answer = await response.json();
  } catch {
    // The board is away, something else has answered, or there is no answer because nothing was sent.
    if (!intention.failure) beginRequest(intention);
  }
  if (response === null) {
    intention.failure = '';
    button.leadToBoard();
  }
  if (intention !== knownIntention(root)) return; // it has another key or another reader since
  takeAnswer(button, intention, response, answer);
  if (isPending(intention) && !clock.isDebouncing) sendSpaced(button);
}

// Returns the response; null if the reader has no token, and undefined if nothing had to be sent any more. A
// token that is refused is asked for once more.
async function sendWithToken(button, intention) {
  let token;
  for (let tries = 0; ; tries += 1) {
    token = await takeToken(token);
    if (!token) return null;
    const wait = timeLeft(button.clock);
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    if (!isPending(intention) || intention !== knownIntention(button.root)) return;
    beginRequest(intention);
    const response = await post(button, intention, token);
    if (response.status !== 401 || tries) return response;
    intention.sent = confirmedVote(button.root);
  }
}

function post({clock, key}, {sent}, token) {
  clock.last = performance.now();
  return askBoard('/api/votes', token, {
    method: 'POST',
    body: JSON.stringify({key, vote_type: nameOf(sent)}),
    keepalive: true,
    signal: AbortSignal.timeout(BUTTON_TIME),
  });
}

// An answer of the API has the state after the vote, or says why the vote was refused. Whatever else comes,
// the vote may have been saved or not.
function takeAnswer(button, intention, response, answer) {
  const {root} = button;
  const status = response?.status;
  const seconds = secondsToWait(response);
  if (answer?.vote_type) {
    intention.failure = '';
    if (answer.project_id !== button.projectId) button.readAgain();
    takeState(root, stateOf(answer));
  } else if (answer?.message && status < 500) {
    intention.failure = seconds ? '' : answer.message;
  }
  concludeRequest(root, status, seconds);
  if (seconds && !intention.failure) showWait(root);
  if (status === 401) {
    console.warn(answer?.message);
    showMessage(root, 'Sign in again.');
  } else if (status === 403) button.readAgain();
}

function takeState(owner, state) {
  const box = findBox(owner);
  if (state.secret && !isSecret(box)) takeOnlyVote(owner, state.vote);
  else if (state.secret || state.version >= confirmedVersion(owner)) applyServerState(box, state);
}
