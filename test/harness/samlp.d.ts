declare module 'samlp' {
  import type { RequestHandler } from 'express';

  /** What the tests use of it. */
  const samlp: {
    auth(options: Record<string, unknown>): RequestHandler;
    logout(options: Record<string, unknown>): RequestHandler;
  };
  export default samlp;
}
