// A page that comes back from the browser's cache shows the confirmed state. Its old intentions are
// dropped, because they were sent when the page was left; the live stream then brings their result.
import {allForms, confirmedVote, findBox, paint} from './vote-box.js';
import {intentionOf} from './vote-intention.js';

addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const form of allForms()) {
    const intention = intentionOf(form);
    if (!intention.inFlight) intention.wanted = intention.sent = confirmedVote(form);
    paint(findBox(form), intention.wanted);
  }
});
