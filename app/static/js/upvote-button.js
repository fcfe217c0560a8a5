// <upvote-button key="article-42" label="What is voted on">: the vote button on a page of another site. It
// has the rules of the board's own button, by the modules that both import; docs/embedding.md describes it.
import {applyServerState, confirmedVote, findBox, paint} from './vote-box.js';
import {forgetIntention} from './vote-intention.js';
import {startWait} from './retry-after.js';
import {showMessage, statusElement} from './vote-message.js';
import {SIGN_IN} from './vote-outcome.js';
import {ignoreRepeatedEnter, wantVote} from './vote-want.js';
import {applyLiveVote} from './live-vote.js';
import {BOARD_ORIGIN} from './upvote-ask.js';
import {
  join, leave, readEverythingAgain, reopenStream, sendEverythingAtOnce, updateSoon, votingState,
} from './upvote-page.js';
import {newClock, sendAtOnce, sendDebounced} from './upvote-send.js';
import {sheet} from './upvote-style.js';
import {isVisitor, setTokenSource, takeToken} from './upvote-token.js';

const NAME = 'upvote-button';
const KEY = /^[\w.~:-]{1,128}$/;
const WHY_NOT = {before: 'Voting has not begun.', ended: 'Voting has ended.'};

// Without innerHTML, which a page may forbid (Trusted Types).
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const makeArrow = (name, direction) => make('button', {
  class: `vote-${name}`, part: name, 'data-direction': direction, disabled: '',
});

// As long as nothing is known, it looks as if the tally were secret: its first key makes it so.
const makeBox = () => make(
  'div', {class: 'vote-box', part: 'box', lang: 'en'},
  makeArrow('up', 1),
  make('span', {class: 'visually-hidden vote-score-label'}),
  make('span', {part: 'score', 'data-score': 0}, '–'),
  makeArrow('down', -1),
  make('p', {part: 'message', role: 'status', dir: 'auto'}),
);

class VoteButton extends HTMLElement {
  static observedAttributes = ['key', 'data-key', 'label'];

  // Takes the page's function that returns a token for its reader, or null for a visitor.
  static set token(source) {
    sendEverythingAtOnce();
    setTokenSource(source);
    readEverythingAgain();
  }

  root = this.attachShadow({mode: 'open'});
  clock = newClock();
  key = null;
  projectId = 0;
  isNamed = false; // its key may be one
  isStale = false; // its tally has to be read
  isClosed = true; // whatever the time, nobody can vote on it

  constructor() {
    super();
    const {root} = this;
    root.adoptedStyleSheets = [sheet];
    root.append(makeBox());
    root.addEventListener('click', ({target}) => this.choose(target.closest('button')));
    root.addEventListener('keydown', ignoreRepeatedEnter);
    root.addEventListener('vote:painted', ({detail}) => this.showVote(detail));
    root.addEventListener('vote:overtaken', reopenStream);
    new MutationObserver(keepOnScreen).observe(statusElement(root), {childList: true});
  }

  connectedCallback() {
    join(this);
  }

  // An element that is moved is removed and added again at once.
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      leave(this);
      this.isStale = this.isNamed;
    });
  }

  attributeChangedCallback() {
    const box = findBox(this.root);
    const key = this.getAttribute('key') ?? this.dataset.key ?? '';
    if (key === this.key) return this.show();
    sendAtOnce(this);
    this.key = key;
    this.isNamed = KEY.test(key);
    applyServerState(box, {vote: 0, secret: true});
    this.take();
    this.forget();
    paint(box, 0);
    if (this.isConnected) join(this);
  }

  // Drops what is known and what is wanted, and lets the next answer say it, for a new key or a new reader.
  forget() {
    const {root} = this;
    forgetIntention(root);
    startWait(root, 0); // ends any other wait
    showMessage(root, '');
    findBox(root).dataset.version = -1;
    this.isStale = this.isNamed;
  }

  // Takes the tally that was read; undefined if the board has none for this key.
  take(state) {
    this.isStale = false;
    this.isClosed = !state || state.closed;
    // A key can name another project, made after the first one was deleted. Its versions begin anew.
    if (state?.project_id !== this.projectId) findBox(this.root).dataset.version = -1;
    this.projectId = state?.project_id ?? 0;
    if (state) applyLiveVote(this.root, state);
    this.show();
  }

  readAgain() {
    this.isStale = true;
    updateSoon();
  }

  // The click of a visitor, as far as is known, paints nothing before the page has been asked for a token.
  async choose(button) {
    if (!button) return;
    const {key} = this;
    const vote = Number(button.value);
    const isReader = !isVisitor() || (await takeToken());
    if (key !== this.key) return; // the page has put something else here since
    if (!isReader) this.leadToBoard();
    else if (wantVote(this.root, vote)) sendDebounced(this);
  }

  // A browser opens no window long after a click, so the message stands there too.
  leadToBoard() {
    if (!this.tell('upvote:sign-in', {key: this.key})) return;
    showMessage(this.root, SIGN_IN);
    open(`${BOARD_ORIGIN}/projects/${this.projectId}`, '_blank', 'noopener');
  }

  // Sends the page an event; returns false if the page has prevented what follows.
  tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, {bubbles: true, composed: true, cancelable: true, detail}));
  }

  // Turns the arrows on or off. A board without downvotes shows that arrow only to take back an earlier one.
  show() {
    const {root} = this;
    const [up, down] = root.querySelectorAll('button');
    const why = this.isClosed ? 'Voting is locked.' : WHY_NOT[votingState.phase] ?? '';
    up.disabled = down.disabled = why;
    const hidden = !votingState.downvotes && confirmedVote(root) !== -1 && down.ariaPressed !== 'true';
    if (hidden && root.activeElement === down) up.focus();
    down.hidden = hidden;
    findBox(root).title = up.title = down.title = this.projectId ? why : '';
    const label = this.getAttribute('label');
    const about = label ? `, ${label}` : '';
    up.ariaLabel = `Upvote${about}`;
    down.ariaLabel = `Downvote${about}`;
  }

  showVote(tally) {
    this.show();
    const pressed = this.root.querySelector('[aria-pressed=true]');
    const vote = Number(pressed?.dataset.direction ?? 0);
    const detail = {key: this.key, vote, ...tally};
    const shown = JSON.stringify(detail);
    if (!this.projectId || shown === this.shown) return;
    this.shown = shown;
    this.tell('upvote:change', detail);
  }
}

// Lets a message that would reach over the edge of the screen begin at the other end of the button.
function keepOnScreen([{target}]) {
  target.className = '';
  const {left, right} = target.getBoundingClientRect();
  if (left < 0 || right > document.documentElement.clientWidth) target.className = 'flipped';
}

// A page may have said who reads it before this module was there, and may load it by two addresses.
export const UpvoteButton = customElements.get(NAME) ?? VoteButton;
if (UpvoteButton === VoteButton) {
  const token = globalThis.UpvoteButton?.token;
  customElements.define(NAME, VoteButton);
  globalThis.UpvoteButton = VoteButton;
  if (token) VoteButton.token = token;
}
