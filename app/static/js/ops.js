// Says on /ops that its figures are old, while the board does not answer.
const stale = document.getElementById('ops-stale');
const timeOf = () => document.getElementById('ops-as-of').textContent;
let asOf = timeOf();

function showStale() {
  if (stale.textContent) return; // a screen reader would say it again
  stale.textContent = `No figures since ${asOf}: those below may be out of date.`;
}

addEventListener('htmx:error', showStale); // no answer at all
addEventListener('htmx:response:error', showStale);
addEventListener('htmx:after:swap', ({detail}) => {
  if (detail.ctx.response.status >= 400) return; // of an error, which may have replaced the figures
  asOf = timeOf();
  stale.textContent = '';
});
