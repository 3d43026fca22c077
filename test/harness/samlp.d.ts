declare module 'samlp' {
  import type { RequestHandler } from 'express';

  /** The part of `samlp` that the tests use. */
  const samlp: {
    auth(options: Record<string, unknown>): RequestHandler;
    logout(options: Record<string, unknown>): RequestHandler;
  };
  export default samlp;
}
