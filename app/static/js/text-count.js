// Says below a field how many characters are left, once its text comes near `data-longest`. The server
// refuses a longer text and says so; nothing is cut.
const NEAR = 0.8;
// What the server leaves out and a paste brings along: soft hyphens, spaces without width, directions.
const LEFT_OUT = /[\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff]/g;
// Marks, joiners and skin tones, which belong to the character before them.
const PART = /[\p{M}\p{Cf}\u{1f3fb}-\u{1f3ff}]/u;
const HALF_FLAG = /[\u{1f1e6}-\u{1f1ff}]/u;
const JOINER = '\u200d';

// Counts as the server does: code points of the composed text, on one line with single spaces; in a name
// (`data-graphemes`) what people see as characters; of a link the address that is stored, if that is longer.
function countCharacters(field) {
  if (field.type === 'url') return Math.max([...field.value.trim()].length, addressOf(field.value).length);
  const text = field.value.replace(LEFT_OUT, '').normalize('NFC').trim();
  const characters = [...(field.matches('textarea') ? text : text.replace(/\s+/g, ' '))];
  return 'graphemes' in field.dataset ? countGraphemes(characters) : characters.length;
}

// As count_graphemes of app/texts.py; Intl.Segmenter takes more for one character, such as क्ष.
function countGraphemes(characters) {
  let count = 0;
  let isJoined = false;
  let isHalf = false; // a flag has begun
  for (const character of characters) {
    const isFlag = HALF_FLAG.test(character);
    if (!isJoined && !PART.test(character) && !(isFlag && isHalf)) count += 1;
    isHalf = isFlag && !isHalf;
    isJoined = character === JOINER;
  }
  return count;
}

// Returns the link as browsers write it, with other letters than ASCII escaped, or "" if it is none.
function addressOf(link) {
  try {
    return /^\s*https?:/i.test(link) ? new URL(link).href : '';
  } catch {
    return '';
  }
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
