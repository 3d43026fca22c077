import { Unexpected } from './steps.mjs';

/** An HTTP client like a browser: it stores cookies. It does not follow redirects by itself. */
export class Client {
  cookies = new Map();

  constructor(baseUrl) {
    this.baseUrl = baseUrl;
  }

  /** Returns { status, headers, body }. The body is parsed JSON, or a Buffer for other types. */
  async send(method, target, { json, form, headers = {} } = {}) {
    const response = await fetch(new URL(target, this.baseUrl), {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(15_000),
      headers: {
        ...this.cookieHeader(target),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
    });
    this.keepCookies(target, response);
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(bytes.toString()) : bytes };
  }

  /** Returns the body of the response. Throws on another status. */
  async ask(status, method, target, options) {
    const answer = await this.send(method, target, options);
    if (answer.status !== status) throw new Unexpected(`${method} ${target}`, status, brief(answer));
    return answer.body;
  }

  get(target) {
    return this.ask(200, 'GET', target);
  }

  /** Throws unless the response has this status and problem code. */
  async refused(status, code, method, target, options) {
    const answer = await this.send(method, target, options);
    if (answer.status !== status || answer.body.code !== code)
      throw new Unexpected(`rejection of ${method} ${target}`, `${status} ${code}`, brief(answer));
  }

  /** Returns all items of a list over all pages. */
  async all(target) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.get(
        `${target}?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  cookieHeader(target) {
    const sameSite = new URL(target, this.baseUrl).origin === new URL(this.baseUrl).origin;
    return sameSite && this.cookies.size > 0
      ? { Cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }
      : {};
  }

  keepCookies(target, response) {
    if (new URL(target, this.baseUrl).origin !== new URL(this.baseUrl).origin) return;
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
  }
}

const brief = ({ status, body }) =>
  Buffer.isBuffer(body) ? `${status} with ${body.length} bytes` : { status, ...body };
