/**
 * How a path may have been spelled when it was signed. Pusher's libraries sign a user id as it is, and their HTTP clients escape
 * it; API Gateway hands the path on decoded, as captures show, but promises neither. So the signature is tried over the path as
 * it came, decoded, and escaped in the two ways that are common, and whatever else was signed does not fit.
 */
export function spellingsOf(path: string): readonly string[] {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return [...new Set([path, unescapePath(path), escaped, escaped.replaceAll(/[!'()*]/g, escapeOne)])];
}

/** The path itself where its escapes are none. */
export function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** As PHP's rawurlencode() does. */
function escapeOne(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
