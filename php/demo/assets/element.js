export function element(name, text = '') {
  return Object.assign(document.createElement(name), { textContent: text });
}

/** One that the page's template has. */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`This page has no ${selector}.`);
  return found;
}
