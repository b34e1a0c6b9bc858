// The policy of our pages takes rules from style sheets alone, not from <style> elements that scripts make.

const known = new Set();

/**
 * Take rules into the page. Those that are there already are not taken again.
 * @param {string} text
 */
export function adoptRules(text) {
  if (known.has(text)) {
    return;
  }
  known.add(text);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
