// Changes the rows of a screen and lets each one move from where it was to where it is now (FLIP).

const MOVE = {duration: 700, easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)'};
const APPEAR = {duration: 500, easing: 'ease-out'};
const still = matchMedia('(prefers-reduced-motion: reduce)');

// Replaces the rows of `list` with `rows`. A row that is there already, by its data-id, stays the same
// element, so a move that is under way goes on from where it is.
export function moveRows(list, rows) {
  const before = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const tops = new Map([...before].map(([id, row]) => [id, row.getBoundingClientRect().top]));
  list.replaceChildren(...rows.map((row) => renew(before.get(row.dataset.id), row)));
  if (still.matches) return;
  for (const row of list.children) animate(row, tops.get(row.dataset.id));
}

function renew(old, row) {
  if (!old) return row;
  if (old !== row && old.innerHTML !== row.innerHTML) old.replaceChildren(...row.childNodes);
  old.className = row.className;
  return old;
}

function animate(row, oldTop) {
  if (oldTop === undefined) {
    row.animate([{opacity: 0, transform: 'scale(0.97)'}, {opacity: 1, transform: 'none'}], APPEAR);
    return;
  }
  row.getAnimations().forEach((animation) => animation.cancel());
  const way = oldTop - row.getBoundingClientRect().top;
  if (Math.abs(way) < 1) return;
  row.animate([{transform: `translateY(${way}px)`}, {transform: 'none'}], MOVE);
}
