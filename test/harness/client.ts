/** A complete HTTP response. */
export interface Answer<T = any> {
  status: number;
  body: T;
  text: string;
  headers: Headers;
}

export interface Send {
  body?: unknown;
  /** The exact bytes or text of the body. */
  raw?: string | Buffer<ArrayBuffer>;
  headers?: Record<string, string>;
}

/** An HTTP client that keeps its cookies, as a browser does. */
export class Client {
  private readonly cookies = new Map<string, string>();

  constructor(readonly baseUrl: string) {}

  /** Returns a client that already has a cookie, given as `name=value`. */
  static withCookie(baseUrl: string, cookie: string): Client {
    const client = new Client(baseUrl);
    client.keep(cookie);
    return client;
  }

  get<T = any>(path: string, send: Send = {}): Promise<Answer<T>> {
    return this.send<T>('GET', path, send);
  }

  post<T = any>(path: string, body?: unknown, send: Send = {}): Promise<Answer<T>> {
    return this.send<T>('POST', path, { body, ...send });
  }

  patch<T = any>(path: string, body?: unknown): Promise<Answer<T>> {
    return this.send<T>('PATCH', path, { body });
  }

  put<T = any>(path: string, body?: unknown): Promise<Answer<T>> {
    return this.send<T>('PUT', path, { body });
  }

  delete<T = any>(path: string): Promise<Answer<T>> {
    return this.send<T>('DELETE', path);
  }

  async send<T = any>(method: string, path: string, { body, raw, headers = {} }: Send = {}): Promise<Answer<T>> {
    const response = await fetch(new URL(path, this.baseUrl), {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.cookies.size > 0 && { cookie: pairs([...this.cookies]) }),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    for (const cookie of response.headers.getSetCookie()) this.keep(cookie);
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) await response.body?.cancel(); // a stream does not end: see EventStream
    const bytes = response.bodyUsed ? Buffer.alloc(0) : Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    const json = /json/.test(type);
    return { status: response.status, text, body: (json ? JSON.parse(text) : bytes) as T, headers: response.headers };
  }

  /** Returns a client for another process with a copy of the cookies. */
  at(baseUrl: string): Client {
    const other = new Client(baseUrl);
    for (const [name, value] of this.cookies) other.cookies.set(name, value);
    return other;
  }

  /** The cookies of the session as a header, without the cookie that identifies the browser. */
  get cookieHeader(): string {
    return pairs([...this.cookies].filter(([name]) => !name.endsWith('_device')));
  }

  /** Returns a client in the same browser without a session. */
  get sameBrowser(): Client {
    const other = new Client(this.baseUrl);
    for (const [name, value] of this.cookies) if (name.endsWith('_device')) other.cookies.set(name, value);
    return other;
  }

  private keep(cookie: string): void {
    const [pair = ''] = cookie.split(';');
    const at = pair.indexOf('=');
    if (/max-age=0/i.test(cookie)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

function pairs(cookies: [name: string, value: string][]): string {
  return cookies.map(([name, value]) => `${name}=${value}`).join('; ');
}
