// One stream of server-sent events for all <upvote-button>s of a page, read by fetch, since an EventSource
// cannot send a token.
import {readBoard, tryLater} from './upvote-ask.js';

const LONGEST_SILENCE = 40_000; // ms; the board says something every 15 s
let current = null; // {ids, control} of the stream
let silence = 0; // timer of the stream's end, if nothing comes
let broken = 0; // streams that ended without an event, in a row
let notBefore = 0; // when the next one may begin (performance.now())

export function closeStream() {
  current?.control.abort();
  current = null;
}

// Follows these projects, unless the open stream does so already. `take(name, data)` gets each event, and
// `again` is called when the stream has ended by itself and another one may begin.
export function follow(ids, query, take, again) {
  if (!ids.length) return closeStream();
  if (current && ids.every((id) => current.ids.includes(id))) return;
  closeStream();
  if (performance.now() >= notBefore) run(ids, query, take, again);
}

async function run(ids, query, take, again) {
  const control = new AbortController();
  current = {ids, control};
  let response;
  endLater();
  try {
    response = await readBoard(`/live?projects=${ids}${query}`, control.signal);
    if (response.ok) await readEvents(response.body, take);
  } catch {
    // the board is away, or the stream was closed
  }
  if (current?.control !== control) return;
  current = null;
  notBefore = tryLater(again, broken, response);
  broken += 1;
}

// A connection may be lost without a word; then another one is made.
function endLater() {
  clearTimeout(silence);
  silence = setTimeout(() => current?.control.abort(), LONGEST_SILENCE);
}

async function readEvents(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    broken = 0;
    endLater();
    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const each of events) {
      const [, name, data] = /^(?:event: (.*)\n)?data: (.*)/.exec(each) ?? [];
      if (data) take(name, JSON.parse(data));
    }
  }
}
