// Reveals the places on /screen?reveal=1, from the last to the first, a key or a click at a time. What is
// not revealed yet is kept in memory only: not in the page, its source or its address.
import {askScreen} from './screen-ask.js';
import {stayAwake} from './screen-awake.js';
import {moveRows} from './screen-move.js';

const ROWS = 10;
const ASK_AGAIN = 3000; // ms, while votes are being counted
const NEXT = new Set([' ', 'Enter', 'ArrowRight', 'ArrowDown', 'PageDown']);
const BACK = new Set(['Escape', 'Backspace', 'ArrowLeft', 'ArrowUp', 'PageUp']);
const STATES = {
  final: 'These are the final results.',
  counting: 'The last votes are being counted …',
  'so far': 'Voting is not over: these are the results so far.',
};

const list = document.getElementById('screen-rows');
const intro = document.getElementById('reveal-intro');
const state = document.getElementById('reveal-state');
let groups = []; // {place, rows}, the last place first
let shown = 0; // how many groups

async function load() {
  try {
    take((await askScreen('places')).querySelector('section'));
  } catch {
    delete intro.dataset.loading;
    if (!shown) state.textContent = 'The board does not answer. Trying again …';
    setTimeout(load, ASK_AGAIN);
  }
}

function take(section) {
  if (shown) return; // places that were revealed do not change any more
  groups = [...section.querySelectorAll('ol')].map((group) => ({
    place: Number(group.dataset.place),
    rows: [...group.children],
  }));
  state.textContent = STATES[section.dataset.state];
  document.getElementById('reveal-votes').textContent = `${section.dataset.projects}, ${section.dataset.votes}`;
  delete intro.dataset.loading;
  // After a reload the same places are revealed as before.
  if (history.state?.shown) go(Math.min(history.state.shown, groups.length));
  else if (section.dataset.state !== 'final') setTimeout(load, ASK_AGAIN);
}

function go(to) {
  if (to < 0 || to > groups.length || to === shown) return;
  const wasNone = !shown;
  shown = to;
  history.replaceState({shown}, '');
  intro.hidden = shown > 0;
  const revealed = groups.slice(0, shown).reverse().flatMap(({rows}) => rows);
  moveRows(list, revealed.slice(0, ROWS));
  for (const row of list.children) row.classList.toggle('screen-row--new', groups[shown - 1].rows.includes(row));
  if (!shown && !wasNone) load();
}

// Reveals everything below the first ten projects.
function goToFirstTen() {
  const rest = groups.filter(({place}) => place > ROWS).length;
  if (rest > shown) go(rest);
}

addEventListener('keydown', (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (NEXT.has(event.key)) go(shown + 1);
  else if (BACK.has(event.key)) go(shown - 1);
  else if (event.key === 't') goToFirstTen();
  else return;
  event.preventDefault();
});

addEventListener('click', (event) => {
  if (!event.target.closest('a')) go(shown + 1);
});

stayAwake();
load();
