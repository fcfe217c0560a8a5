// Adds the reader's own time to each time that a page shows in the board's time zone, where they differ.
const FORMAT = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
});

// Minutes east of UTC, from the end of an ISO time.
function offsetOf(iso) {
  const [, sign, hours, minutes] = iso.match(/([+-])(\d\d):(\d\d)$/) ?? [, '+', 0, 0];
  return Number(`${sign}1`) * (60 * hours + Number(minutes));
}

for (const place of document.querySelectorAll('[data-own-time]')) {
  const time = new Date(place.dataset.ownTime);
  if (-time.getTimezoneOffset() !== offsetOf(place.dataset.shown)) {
    place.textContent = `(${FORMAT.format(time)} where you are)`;
  }
}
