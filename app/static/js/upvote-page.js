// All <upvote-button>s of a page: one read of their tallies, one live stream, and the times of voting.
import {findBox, isSecret} from './vote-box.js';
import {returnToConfirmed} from './vote-intention.js';
import {applyLiveVote} from './live-vote.js';
import {phaseOf, readTimes} from './voting-times.js';
import {BUTTON_TIME} from './upvote-settings.js';
import {readBoard, stateOf, tryLater} from './upvote-ask.js';
import {sendAtOnce, sendSpaced} from './upvote-send.js';
import {closeStream, follow} from './upvote-stream.js';
import {whenReaderChanges} from './upvote-token.js';

const MOST = 100; // keys of one read, and projects of the stream
const LONGEST = 3900; // characters of these keys; the board takes addresses of 4,096 bytes
const TICK_OF_VOTING = 250; // ms

const buttons = new Set();
let timer = 0; // of the next update
let isReading = false;
let unread = 0; // reads that failed, in a row
let notRead = 0; // when the next one may begin (performance.now())
let reader = 0; // how often the reader has changed

export const votingState = {downvotes: true, phase: 'open', voting: readTimes({})};

export function join(button) {
  buttons.add(button);
  updateSoon();
}

export function leave(button) {
  sendAtOnce(button);
  buttons.delete(button);
  updateSoon();
}

export const sendEverythingAtOnce = () => buttons.forEach(sendAtOnce);

export function reopenStream() {
  closeStream();
  updateSoon();
}

export function readEverythingAgain() {
  reader += 1;
  for (const button of buttons) button.forget();
  reopenStream();
}

// Scripts that the page runs while it is being loaded may add buttons or say who reads it. A browser that
// hides the times of loading tells only of its end.
const loaded = new Promise((done) => {
  const [navigation] = performance.getEntriesByType('navigation');
  if (navigation?.domContentLoadedEventEnd || document.readyState === 'complete') done();
  addEventListener('DOMContentLoaded', done);
  addEventListener('load', done);
});

export function updateSoon() {
  timer ||= setTimeout(async () => {
    await loaded;
    timer = 0;
    update();
  });
}

// Reads the tallies of buttons that have none yet, and follows all of them.
async function update() {
  if (document.hidden || isReading) return;
  const keys = [...new Set([...buttons].filter(({isStale}) => isStale).map(({key}) => key))];
  while (keys.length > MOST || keys.join().length > LONGEST) keys.pop();
  if (keys.length && performance.now() >= notRead) {
    isReading = true;
    await readTallies(keys).finally(() => (isReading = false));
    updateSoon(); // there may be more by now
    return;
  }
  const known = [...buttons].filter(({projectId}) => projectId);
  const ids = [...new Set(known.map(({projectId}) => projectId))].slice(-MOST);
  follow(ids, known.some(({root}) => isSecret(findBox(root))) ? '&full=1' : '', takeNews, updateSoon);
}

async function readTallies(keys) {
  const before = reader;
  let response;
  let answer;
  try {
    response = await readBoard(`/api/tallies?keys=${keys}`, AbortSignal.timeout(BUTTON_TIME));
    if (response.ok) answer = await response.json();
  } catch {
    // the board is away, or something else has answered
  }
  if (before !== reader) return; // the votes may be somebody else's
  const isRefused = /^4(?!29)/.test(response?.status);
  if (!answer?.tallies && !isRefused) {
    unread += 1;
    notRead = tryLater(updateSoon, unread, response);
    return;
  }
  unread = 0;
  if (answer) takeVoting(answer.voting);
  for (const button of buttons) {
    if (!button.isStale || !keys.includes(button.key)) continue;
    const tally = answer?.tallies.find(({key}) => key === button.key);
    button.take(tally && stateOf(tally));
  }
}

function takeNews(name, data) {
  if (name) return takeVoting(data);
  for (const state of data) {
    for (const {projectId, root} of buttons) if (projectId === state.project_id) applyLiveVote(root, state);
  }
}

function takeVoting(voting) {
  votingState.downvotes = voting.downvotes ?? votingState.downvotes;
  votingState.voting = readTimes(voting);
  showPhase();
}

// Turns the buttons on or off.
function showPhase() {
  votingState.phase = phaseOf(votingState.voting);
  for (const button of buttons) button.show();
}

function appear() {
  for (const button of buttons) button.isStale = button.isNamed;
  updateSoon();
}

whenReaderChanges(readEverythingAgain);
setInterval(() => votingState.phase === phaseOf(votingState.voting) || showPhase(), TICK_OF_VOTING);
addEventListener('visibilitychange', () => {
  if (!document.hidden) return appear();
  buttons.forEach(sendSpaced);
  closeStream();
});
addEventListener('pagehide', () => {
  sendEverythingAtOnce();
  closeStream();
});
addEventListener('pageshow', ({persisted}) => {
  if (!persisted) return;
  for (const {root} of buttons) returnToConfirmed(root);
  appear();
});
