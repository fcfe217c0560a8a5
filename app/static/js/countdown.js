// Keeps the clock to the beginning or the end of voting, and turns the vote buttons on and off at that
// moment, without a reload. The times are the server's: `data-now` says how far its clock is ahead, and
// the live stream sends new times when an organiser changes them.
import {ownTime} from './own-time.js';
import {allForms} from './vote-forms.js';
import {phaseOf, readTimes} from './voting-times.js';

const TICK = 250; // ms
const WHAT = {before: 'Voting begins', open: 'Voting ends', ended: 'Voting has ended'};
const NEWS = {before: 'Voting has not begun.', open: 'Voting is open now.', ended: 'Voting has ended.'};
const UNITS = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']];

const bar = document.getElementById('countdown');
let voting = readTimes({});
let given = {};
let shown = '';

// Takes the board's times: {now, from, until}, each a text in ISO 8601 or null, and {begins, ends}, which say
// `from` and `until` in words.
export function applyTimes(times) {
  voting = readTimes(times);
  given = times;
  if (bar) show();
}

function show() {
  const {ahead, from, until} = voting;
  const now = Date.now() + ahead;
  const phase = phaseOf(voting);
  const at = phase === 'before' ? from : until;
  bar.querySelector('.countdown-clock').hidden = Number.isNaN(at);
  bar.hidden = Number.isNaN(at) && !bar.querySelector('.votes-left');
  bar.querySelector('.countdown-what').textContent = WHAT[phase];
  bar.querySelector('.countdown-left').textContent = phase === 'ended' ? '' : `in ${timeLeft(at - now)}`;
  bar.toggleAttribute('data-soon', phase === 'open' && at - now < 600_000);
  if (phase === 'before') showTime(given.from, given.begins);
  else if (given.until) showTime(given.until, given.ends);
  if (phase !== bar.dataset.voting) enter(phase);
}

// A process of an earlier version gives no words while the board is updated.
function showTime(iso, words = '') {
  const time = `${iso} ${words}`;
  if (time === shown) return;
  shown = time;
  const element = bar.querySelector('.countdown-at');
  element.dateTime = iso;
  element.textContent = words;
  bar.querySelector('.countdown-own').textContent = ownTime(iso);
}

// Returns the two largest units: "2 d 3 h", "4 min 10 s", "9 s".
function timeLeft(ms) {
  let seconds = Math.max(0, Math.ceil(ms / 1000));
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  return UNITS.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return `${count} ${name}`;
  }).join(' ');
}

function enter(phase) {
  bar.dataset.voting = phase;
  document.getElementById('countdown-news').textContent = NEWS[phase];
  allForms().forEach(applyPhase);
  dispatchEvent(new CustomEvent('voting:changed', {detail: {phase}}));
}

// Turns the vote buttons inside an element on or off. The process that has written the element may know older
// times than this page, or newer ones, which the live stream brings.
export function applyPhase(element) {
  if (!bar) return;
  for (const button of element.querySelectorAll('button')) toggle(button, bar.dataset.voting === 'open');
}

// A button that is off for another reason, such as a locked project, stays off.
function toggle(button, isOpen) {
  if (isOpen && 'byTime' in button.dataset) {
    button.disabled = false;
    delete button.dataset.byTime;
  } else if (!isOpen && !button.disabled) {
    button.disabled = true;
    button.dataset.byTime = '';
  }
}

addEventListener('vote:left', ({detail}) => {
  const left = bar?.querySelector('b[data-votes-left]');
  if (left) left.dataset.votesLeft = left.textContent = detail.left;
});

if (bar) {
  applyTimes(bar.dataset);
  setInterval(show, TICK);
}
