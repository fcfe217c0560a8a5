// Keeps the rows of /screen live: asks for them once a second. While tallies are secret, it shows the
// projects ten at a time, by turns. When the board's settings change, it loads the page again.
import './countdown.js';
import {askScreen} from './screen-ask.js';
import {stayAwake} from './screen-awake.js';
import {moveRows} from './screen-move.js';

const ASK = 1000; // ms between two requests
const TURN = 10_000; // ms that each ten projects are shown
const ROWS = 10;

const list = document.getElementById('screen-rows');
const offline = document.getElementById('screen-offline');
let failures = 0;
let secretRows = [];

function show(next) {
  if (next.dataset.settings !== list.dataset.settings || next.className !== list.className) {
    location.reload();
    return;
  }
  if (isSecret()) takeTurns([...next.children]);
  else moveRows(list, [...next.children]);
}

function isSecret() {
  return list.classList.contains('screen-rows--secret');
}

// The turn follows the clock, so that all screens show the same projects.
function takeTurns(rows) {
  secretRows = rows;
  const turns = Math.max(1, Math.ceil(rows.length / ROWS));
  const turn = Math.floor(Date.now() / TURN) % turns;
  moveRows(list, secretRows.slice(turn * ROWS, (turn + 1) * ROWS));
}

async function run() {
  try {
    if (!document.hidden) show((await askScreen('rows')).getElementById('screen-rows'));
    failures = 0;
  } catch {
    failures += 1;
  }
  offline.textContent = failures > 2 ? 'The board does not answer. Trying again …' : '';
  setTimeout(run, ASK);
}

if (isSecret()) takeTurns([...list.children]);
stayAwake();
setTimeout(run, ASK);
