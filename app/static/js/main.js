// The entry module. layout.html loads it after htmx; each import below adds one behaviour to the page.
// The order matters for events with several listeners: a vote is sent before the live stream closes.
import {allForms} from './vote-forms.js';
import {isPending, knownIntention} from './vote-intention.js';
import './vote-split.js';
import './vote-click.js';
import './vote-request.js';
import './vote-answer.js';
import './vote-leave.js';
import './vote-return.js';
import './live-stream.js';
import './countdown.js';
import './text-count.js';
import './draft.js';
import './send-once.js';

// The intentions of the vote buttons that have been used, for the console and for tests.
export const voteIntentions = () => Array.from(allForms(), knownIntention).filter(Boolean)
  .map((intention) => ({...intention, pending: isPending(intention)}));
