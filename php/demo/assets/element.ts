export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text: string = '',
): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), { textContent: text });
}

/** One that the page's template has. */
export function find<Found extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): Found {
  const found = within.querySelector<Found>(selector);
  if (!found) throw new Error(`This page has no ${selector}.`);
  return found;
}
