export function element(name, text = '') {
  return Object.assign(document.createElement(name), { textContent: text });
}
