// Writes 999, 1.2k, 12k and 1.2M, with a true minus sign, as compact() in app/web/formatting.py does.
export function compactNumber(number) {
  const size = Math.abs(number);
  let text = String(size);
  for (const [unit, letter] of [[1e6, 'M'], [1e3, 'k']]) {
    if (size >= unit) {
      const tenths = Math.floor(size * 10 / unit) / 10;
      text = (tenths < 10 ? tenths.toFixed(1).replace('.0', '') : Math.floor(tenths)) + letter;
      break;
    }
  }
  return number < 0 ? '\u2212' + text : text;
}
