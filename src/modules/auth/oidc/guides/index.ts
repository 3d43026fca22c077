import type { GuidedProvider } from '../../sso/index.js';
import { HOSTED } from './hosted.js';
import type { OidcGuide } from './oidc-guide.js';
import { SELF_HOSTED } from './self-hosted.js';

/** The guides for OpenID Connect, by provider. */
export const OIDC_GUIDES: Readonly<Record<GuidedProvider, OidcGuide>> = { ...HOSTED, ...SELF_HOSTED };
