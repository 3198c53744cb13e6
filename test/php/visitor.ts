/** A browser as far as PHP can tell: keeps its cookies, follows nothing by itself. */
export class Visitor {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  get sessionId(): string | undefined {
    return this.#cookies.get('PHPSESSID');
  }

  /** As the browser sends it. */
  get cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Another browser with the same cookies, as of now. */
  copy(): Visitor {
    const copy = new Visitor(this.#url);
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value);
    return copy;
  }

  /** The name of the first cookie that begins so. */
  cookieName(beginning: string): string {
    return [...this.#cookies.keys()].find((name) => name.startsWith(beginning)) ?? '';
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#ask(path, { headers });
  }

  async post(path: string, body?: URLSearchParams, headers: Record<string, string> = {}): Promise<Response> {
    return this.#ask(path, { method: 'POST', headers, ...(body && { body }) });
  }

  /** Fills in the form of a page and sends it, with whatever else is in it. */
  async submit(
    path: string,
    filledIn: Readonly<Record<string, string>> = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const page = await (await this.get(path)).text();
    const [, attributes = '', inside = ''] = /<form([^>]*method=["']?post[^>]*)>(.*?)<\/form>/is.exec(page) ?? [];
    const fields = [...inside.matchAll(/<input[^>]*>/gi)].map(([input]) => [
      attributeOf(input, 'name'),
      attributeOf(input, 'value'),
    ]);
    const action = new URL(attributeOf(attributes, 'action') || path, this.#url + path);
    return this.post(
      action.pathname + action.search,
      new URLSearchParams({ ...Object.fromEntries(fields), ...filledIn }),
      headers,
    );
  }

  /** In the demo's room. */
  async say(text: string): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' };
    return this.#ask('/say', { method: 'POST', headers, body: JSON.stringify({ text }) });
  }

  async logIn(user = 'gonzalo', password = 'password'): Promise<Response> {
    return this.get('/login', { Authorization: `Basic ${btoa(`${user}:${password}`)}` });
  }

  /** As the page does it: same origin, the browser's own cookie. */
  async fetchToken(): Promise<string> {
    return (await this.get('/getSessionID')).json() as Promise<string>;
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookieHeader !== '' && !headers.has('Cookie')) headers.set('Cookie', this.cookieHeader);
    const response = await fetch(this.#url + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const [name = ''] = pair.split('=');
    const value = pair.slice(name.length + 1);
    const [, end = ''] = /expires=([^;]+)/i.exec(line) ?? [];
    const isExpired = /max-age=0(;|$)/i.test(line) || Date.parse(end) < Date.now();
    if (isExpired) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

/** Of an HTML tag. */
function attributeOf(tag: string, attribute: string): string {
  const [, value = ''] = new RegExp(`\\b${attribute}=["']([^"']*)["']`, 'i').exec(tag) ?? [];
  return value.replaceAll('&amp;', '&').replaceAll('&#038;', '&');
}

/** The gateway's question: it has only the token it was given, and puts it where the browser's cookie would be. */
export function askAsGateway(url: string, token: string): Promise<Response> {
  return fetch(`${url}/getSessionID`, {
    redirect: 'manual',
    headers: {
      Accept: 'application/json',
      Cookie: `PHPSESSID=${encodeURIComponent(token)}`,
      'X-Requested-With': 'XMLHttpRequest',
      'X-Session-Socket': `kid=demo,t=1700000000,s=${'0'.repeat(64)}`,
    },
  });
}
