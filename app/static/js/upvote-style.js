// The looks of an <upvote-button>. A style sheet that a script makes needs no permission of the page's
// Content-Security-Policy. Nothing here changes its size, so nothing moves the page.
export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  --size: var(--upvote-size, 44px);
  display: inline-block;
  position: relative;
}
:host([hidden]) { display: none; }
.vote-box, button {
  display: grid;
  place-items: center;
}
.vote-box { grid-auto-flow: var(--upvote-flow, row); }
button {
  inline-size: var(--size);
  block-size: max(24px, var(--size) * .7);
  color: inherit;
  background: none;
  border: 1px solid #0000;
  border-radius: 8px;
  touch-action: manipulation;
}
button::before {
  content: "";
  inline-size: 18px;
  block-size: 13px;
  background: currentColor;
  forced-color-adjust: none;
  clip-path: polygon(evenodd, 50% 0, 100% 100%, 0 100%, 50% 0, 50% 25%, 18% 85%, 82% 85%, 50% 25%);
}
.vote-up { --tone: var(--upvote-up, light-dark(#0b6e4f, #5fd3a3)); }
.vote-down { --tone: var(--upvote-down, light-dark(#8f3277, #f0a3d6)); }
.vote-down::before { scale: 1 -1; }
[aria-pressed=true], button:enabled:hover {
  color: var(--tone);
  background: color-mix(in srgb, var(--tone) 15%, #0000);
}
[aria-pressed=true]::before { clip-path: polygon(50% 0, 100% 100%, 0 100%); }
:disabled { opacity: .5; }
[data-score] {
  min-inline-size: var(--size);
  font-weight: 600;
  text-align: center;
}
[hidden] { visibility: hidden; }
.visually-hidden {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}
p {
  position: absolute;
  inset-block: 100% auto;
  inset-inline: 0 auto;
  z-index: 2;
  inline-size: max-content;
  max-inline-size: 45vw;
  margin: 4px 0;
}
p:not(:empty) {
  padding: 8px 12px;
  color: Canvas;
  background: CanvasText;
  border-radius: 8px;
}
.flipped { inset-inline: auto 0; }
@media (forced-colors: active) {
  [aria-pressed=true] { border-color: Highlight; }
  p:not(:empty) {
    color: CanvasText;
    background: Canvas;
    outline: 1px solid;
  }
}
`);
