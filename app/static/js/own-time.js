// The reader's own time, beside a time that a page shows in the board's time zone, where they differ.
const FORMAT = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
});

// Takes an ISO time in the board's time zone. Returns "" where the reader's clock shows the same.
export function ownTime(iso) {
  const time = new Date(iso);
  return -time.getTimezoneOffset() === offsetOf(iso) ? '' : `(${FORMAT.format(time)} where you are)`;
}

// Minutes east of UTC, from the end of an ISO time.
function offsetOf(iso) {
  const [, sign, hours, minutes] = iso.match(/([+-])(\d\d):(\d\d)$/) ?? [, '+', 0, 0];
  return Number(`${sign}1`) * (60 * hours + Number(minutes));
}

for (const place of document.querySelectorAll('[data-own-time]')) {
  place.textContent = ownTime(place.dataset.ownTime);
}
