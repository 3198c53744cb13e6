/** @returns undefined when the text is no JSON: what functions and clients send is theirs, and may be anything */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
