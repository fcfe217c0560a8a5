// A page that comes back from the browser's cache shows the confirmed state.
import {allForms} from './vote-forms.js';
import {returnToConfirmed} from './vote-intention.js';

addEventListener('pageshow', (event) => {
  if (event.persisted) allForms().forEach(returnToConfirmed);
});
