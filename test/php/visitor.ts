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

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#ask(path, { headers });
  }

  async post(path: string): Promise<Response> {
    return this.#ask(path, { method: 'POST' });
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
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (cookie !== '') headers.set('Cookie', cookie);
    const response = await fetch(this.#url + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const [name = '', value = ''] = pair.split('=');
    const isExpired = /max-age=0(;|$)/i.test(line);
    if (isExpired) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
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
