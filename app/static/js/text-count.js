// Says below a field how many characters are left, once its text comes near `data-longest`. The server
// refuses a longer text and says so; nothing is cut.
const NEAR = 0.8;

// Counts as the server does: code points of the composed text, on one line with single spaces.
function countCharacters(field) {
  const text = field.value.normalize('NFC').trim();
  return [...(field.matches('textarea') ? text : text.replace(/\s+/g, ' '))].length;
}

function showCount(field) {
  const longest = Number(field.dataset.longest);
  const left = longest - countCharacters(field);
  const output = field.parentElement.querySelector('.field-count');
  const noun = Math.abs(left) === 1 ? 'character' : 'characters';
  const words = left < 0 ? `${-left} ${noun} too many.` : `${left} ${noun} left.`;
  output.textContent = left < longest * (1 - NEAR) ? words : '';
  output.classList.toggle('field-count--over', left < 0);
}

addEventListener('input', ({target}) => {
  if (target.dataset?.longest) showCount(target);
});
for (const field of document.querySelectorAll('[data-longest]')) showCount(field);
