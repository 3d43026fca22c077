import type { CacheProvider } from '@node-saml/passport-saml';
import type { PendingRequest } from '../sso/request-store.js';

/** The SAML library wants a store of request ids. Ours is kept elsewhere; these give the library a view of it, one call long. */
export const noRequests: CacheProvider = {
  saveAsync: () => Promise.resolve(null),
  getAsync: () => Promise.resolve(null),
  removeAsync: () => Promise.resolve(null),
};

/** For a response: the one request that was taken out for it, and no other. */
export function onlyRequest(request: PendingRequest): CacheProvider {
  return {
    ...noRequests,
    getAsync: (id) => Promise.resolve(id === request.requestId ? request.createdAt : null),
  };
}

/** For a request: calls back with its id before it is sent. */
export function newRequest(remember: (requestId: string, createdAt: string) => Promise<void>): CacheProvider {
  return {
    ...noRequests,
    saveAsync: async (id, createdAt) => {
      await remember(id, createdAt);
      return { value: createdAt, createdAt: Date.parse(createdAt) };
    },
  };
}
