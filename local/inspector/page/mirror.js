/** A copy of the local cloud's journal. It decides nothing: what goes and what stays comes with the changes. */
export function createMirror() {
  const tables = {};
  const mirror = { tables, totals: {}, webSocketUrls: [], clear, apply };
  clear();

  function clear() {
    for (const name of ['connections', 'refusals', 'messages', 'invocations', 'lines']) tables[name] = new Map();
  }

  function apply({ totals, webSocketUrls, changes }) {
    mirror.totals = totals;
    mirror.webSocketUrls = webSocketUrls;
    for (const { table, key, set, isGone } of changes) {
      if (isGone) tables[table].delete(key);
      else tables[table].set(key, { ...tables[table].get(key), ...set });
    }
  }

  return mirror;
}

/** The newest first. */
export function newest(table) {
  return [...table].reverse();
}
