// Keeps one stream of server-sent events for all projects on the page. A hidden page closes its stream
// to save a connection; the snapshot at the start of the next stream brings the page up to date.
import {findBox, isSecret} from './vote-box.js';
import {allForms} from './vote-forms.js';
import {applyTimes} from './countdown.js';
import {applyLiveVote} from './live-vote.js';

const RETRY = 2000; // ms; a random part of up to as much is added, so that pages do not return together
let source = null;
let timer = null;
let isOthers = false; // somebody else has signed in since this page was opened

function openStream() {
  clearTimeout(timer);
  if (isOthers) return;
  const ids = Array.from(allForms(), (form) => form.id.slice('vote-'.length));
  if (source || document.hidden || !ids.length) return;
  const account = document.querySelector('form.vote [name=account]')?.value;
  const owner = account ? `&account=${account}` : '';
  // Secrecy may have ended since this page was made: then it needs all tallies, and not only changes.
  const full = Array.from(allForms()).some((form) => isSecret(findBox(form))) ? '&full=1' : '';
  source = new EventSource(`/live?projects=${ids.join(',')}${owner}${full}`);
  source.addEventListener('other-account', () => {
    isOthers = true;
    closeStream();
  });
  source.addEventListener('times', ({data}) => applyTimes(JSON.parse(data)));
  source.addEventListener('message', ({data}) => JSON.parse(data).forEach(applyToForm));
  source.addEventListener('error', () => {
    if (source?.readyState !== EventSource.CLOSED) return; // the browser reconnects by itself
    closeStream();
    timer = setTimeout(openStream, RETRY * (1 + Math.random()));
  });
}

function applyToForm(state) {
  const form = document.getElementById(`vote-${state.project_id}`);
  if (form) applyLiveVote(form, state);
}

function closeStream() {
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
