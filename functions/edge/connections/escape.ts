/** As RFC 3986 has it, which AWS signs by: JavaScript's own leaves five characters more as they are. */
export function escapeAll(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}
