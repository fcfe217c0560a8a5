// Says on /ops that what stands there is old, while the board does not answer.
const stale = document.getElementById('ops-stale');

function showStale() {
  const since = document.getElementById('ops-as-of').textContent;
  stale.textContent = `No answer since ${since}: what stands below is old.`;
}

addEventListener('htmx:error', showStale); // no answer at all
addEventListener('htmx:response:error', showStale);
addEventListener('htmx:after:swap', ({detail}) => { // also after an error, which changes nothing
  if (detail.ctx.response.status < 400) stale.textContent = '';
});
