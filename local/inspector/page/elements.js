/**
 * Makes an element. Text is only ever text: strings become text nodes, so nothing that a client sent can become markup.
 * @param {string} name `span.soft` has a class
 * @param {Record<string, unknown>} [attributes] `onclick` is a listener; undefined and false are left out
 * @param {...(Node | string | undefined | false | (Node | string | undefined | false)[])} children
 */
export function element(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(' ');
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (attribute === 'onclick') node.addEventListener('click', value);
    else node.setAttribute(attribute, value === true ? '' : String(value));
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Says it to who does not see the page. Sparingly: it interrupts. */
export function say(text) {
  byId('said').textContent = text;
}
