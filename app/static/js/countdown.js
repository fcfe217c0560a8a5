// Keeps the clock to the beginning or the end of voting, and turns the vote buttons on and off at that
// moment, without a reload. The times are the server's: `data-now` says how far its clock is ahead, and
// the live stream sends new times when an organiser changes them.
import {allForms} from './vote-forms.js';
import {phaseOf, readTimes} from './voting-times.js';

const TICK = 250; // ms
const WHAT = {before: 'Voting begins', open: 'Voting ends', ended: 'Voting has ended'};
const NEWS = {before: 'Voting has not begun.', open: 'Voting is open now.', ended: 'Voting has ended.'};
const UNITS = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']];

const bar = document.getElementById('countdown');
let voting = readTimes({});

// Takes the board's times: {now, from, until}, each a text in ISO 8601 or null.
export function applyTimes(times) {
  voting = readTimes(times);
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
  showTime(bar.querySelector('.countdown-at'), at);
  if (phase !== bar.dataset.voting) enter(phase);
}

// The words of the server stay until another time is set: they are in the board's time zone.
function showTime(element, at) {
  if (Number.isNaN(at) || Date.parse(element.dateTime) === at) return;
  const time = new Date(at);
  element.dateTime = time.toISOString();
  element.textContent = time.toLocaleString('en', {dateStyle: 'medium', timeStyle: 'short'});
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
