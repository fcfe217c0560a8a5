// How a project's votes divide, on its own page: follows one's own votes and those of others.
(() => {
  // As the template projects/_split.html writes it.
  function draw(split, upvotes, downvotes) {
    const total = upvotes + downvotes;
    const share = total ? Math.floor(100 * upvotes / total + 0.5) : 0;
    split.dataset.total = total;
    split.querySelector('rect.split-up').setAttribute('width', share);
    split.querySelector('b.split-up').textContent = `${upvotes.toLocaleString('en')} up`;
    split.querySelector('b.split-down').textContent = `${downvotes.toLocaleString('en')} down`;
    split.querySelector('.split-share').textContent = `${share}% in favour`;
  }

  addEventListener('vote:painted', ({target, detail}) => {
    const split = document.getElementById(target.id.replace('vote-box-', 'split-'));
    if (split) draw(split, detail.upvotes, detail.downvotes);
  });
})();
