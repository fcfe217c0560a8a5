// Writes 999, 1.2k, 12k and 1.2M, with a true minus sign, as compact() in app/web/formatting.py does.
const format = new Intl.NumberFormat('en', {notation: 'compact', roundingMode: 'trunc'});

export const compactNumber = (number) => format.format(number).replace('K', 'k').replace('-', '\u2212');
