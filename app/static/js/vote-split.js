// The bar on a project's page that shows how its votes divide. It follows every tally that is painted,
// whether the user voted or somebody else.

// Draws the bar as the template projects/_split.html does.
function drawSplit(split, upvotes, downvotes) {
  const total = upvotes + downvotes;
  const share = total ? Math.floor(100 * upvotes / total + 0.5) : 0;
  split.dataset.total = total;
  split.querySelector('rect.split-up').setAttribute('width', share);
  split.querySelector('b.split-up').textContent = `${upvotes.toLocaleString('en')} up`;
  const onlyUp = 'upOnly' in split.dataset && downvotes === 0;
  say(split.querySelector('b.split-down'), `${downvotes.toLocaleString('en')} down`, onlyUp);
  say(split.querySelector('.split-share'), `${share}% in favour`, onlyUp);
}

function say(element, text, isHidden) {
  element.textContent = isHidden ? '' : text;
  element.hidden = isHidden;
}

addEventListener('vote:painted', ({target, detail}) => {
  const split = document.getElementById(target.id.replace('vote-box-', 'split-'));
  split?.toggleAttribute('data-secret', !detail);
  if (split && detail) drawSplit(split, detail.upvotes, detail.downvotes);
});
