// Keeps the display of a computer with a projector on, where the browser allows that.

export function stayAwake() {
  const ask = () => document.hidden || navigator.wakeLock?.request('screen').catch(() => {});
  ask();
  document.addEventListener('visibilitychange', ask); // the browser ends it when the page is hidden
}
