// Keeps one stream of server-sent events for all projects on the page. A hidden page closes its stream
// to save a connection; the snapshot at the start of the next stream brings the page up to date.
import {findBox, isSecret} from './vote-box.js';
import {allForms} from './vote-forms.js';
import {applyTimes} from './countdown.js';
import {applyLiveVote} from './live-vote.js';

const RETRY = 2000; // ms; a random part of up to as much is added, so that pages do not return together
const LONGEST_RETRY = 60_000;
const LONGEST_SILENCE = 40_000; // ms; the server says something every 15 s
const ABSENCE = 60_000; // ms without events, after which a project may have become cold with new votes
let source = null;
let timer = null; // of the next stream, or of the end of a silent one
let failures = 0; // in a row
let heardAt = Date.now(); // when the last event came, or the page itself
let isOthers = false; // somebody else has signed in since this page was opened

function openStream() {
  if (source || isOthers || document.hidden) return;
  const ids = Array.from(allForms(), (form) => form.id.slice('vote-'.length));
  if (!ids.length) return;
  const account = document.querySelector('form.vote [name=account]')?.value;
  const owner = account ? `&account=${account}` : '';
  source = new EventSource(`/live?projects=${ids.join(',')}${owner}${needsAll() ? '&full=1' : ''}`);
  listen('open', () => (failures = 0));
  listen('beat');
  listen('other-account', () => {
    isOthers = true;
    closeStream();
  });
  listen('times', ({data}) => applyTimes(JSON.parse(data)));
  listen('message', ({data}) => JSON.parse(data).forEach(applyToForm));
  source.addEventListener('error', retryLater);
  waitForEvents();
}

// A page that has heard nothing for long may have missed the last votes of a project that is cold by now, and
// secrecy may have ended since a page without tallies was made: these need all states, not only changes.
function needsAll() {
  return Date.now() - heardAt > ABSENCE || Array.from(allForms()).some((form) => isSecret(findBox(form)));
}

function listen(name, take) {
  source.addEventListener(name, (event) => {
    heardAt = Date.now();
    waitForEvents();
    take?.(event);
  });
}

// A connection may be lost without a word; then another one is made.
function waitForEvents() {
  clearTimeout(timer);
  timer = setTimeout(retryLater, LONGEST_SILENCE);
}

// The browser would reconnect by itself after some errors, but to the same address and without a pause.
function retryLater() {
  closeStream();
  timer = setTimeout(openStream, Math.min(RETRY * 2 ** failures, LONGEST_RETRY) * (1 + Math.random()));
  failures += 1;
}

function applyToForm(state) {
  const form = document.getElementById(`vote-${state.project_id}`);
  if (form) applyLiveVote(form, state);
}

function closeStream() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

document.addEventListener('visibilitychange', () => (document.hidden ? closeStream() : openStream()));
// While tallies are secret, nothing says which of two answers is newer; a snapshot has the newest state.
addEventListener('vote:overtaken', () => {
  closeStream();
  openStream();
});
addEventListener('pagehide', closeStream);
addEventListener('pageshow', openStream);
