// The token of the page's reader. The page gives a function that returns one, or null for a visitor; it is
// called when a token is needed, and the token is kept until shortly before its end.
import {BUTTON_TIME} from './upvote-settings.js';

const EARLY = 30_000; // ms
const NO_TOKEN = /[^!-~]/; // no token has a space
let source = null; // the page's function
let kept = null; // {text, until, subject}
let asking = null; // the promise of a token that the page has been asked for
let subject; // whose token the page gave last; null: none; undefined: it has not been asked
let readerChanged;

export const keptToken = () => kept?.text;
export const isVisitor = () => subject === null;

export function whenReaderChanges(callback) {
  readerChanged = callback;
}

export function setTokenSource(asked) {
  source = asked;
  kept = asking = null;
  subject = undefined;
}

// Returns a promise of the token, or of undefined for a visitor. If the page cannot say, a reader who is known
// stays so and it fails; anybody else is a visitor. `refused` is a token that the board did not accept.
export async function takeToken(refused) {
  if (kept && kept.text !== refused && Date.now() < kept.until) return kept.text;
  return (asking ??= askPage(source));
}

async function askPage(asked) {
  let text;
  try {
    const given = await Promise.race([asked?.(), new Promise((_, late) => setTimeout(late, BUTTON_TIME))]);
    if (NO_TOKEN.test(given)) throw given;
    text = given;
  } catch (error) {
    console.error('UpvoteButton.token failed', error);
    if (subject) throw error;
  } finally {
    if (asked === source) asking = null;
  }
  if (asked !== source) return takeToken();
  kept = text ? {text, ...readClaims(text)} : null;
  const before = subject;
  subject = kept && kept.subject;
  if (before !== undefined && before !== subject) readerChanged();
  return keptToken();
}

// Reads what a JWT says about itself. An API token of the board says nothing, and does not expire.
function readClaims(text) {
  try {
    const {exp, sub} = JSON.parse(atob(text.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return {until: exp * 1000 - EARLY, subject: sub};
  } catch {
    return {until: Infinity, subject: text};
  }
}
