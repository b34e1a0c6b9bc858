// Sentences of the server in the page: what they name in backticks is code.

/**
 * @param {string} text
 * @returns {(string | HTMLElement)[]} all text, never markup
 */
export function ticked(text) {
  const parts = (text ?? "").split("`");
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, at) => {
    if (at % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}
