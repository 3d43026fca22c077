import type { GuidedProvider } from '../../sso/index.js';
import { HOSTED } from './hosted.js';
import type { SamlGuide } from './saml-guide.js';
import { SELF_HOSTED } from './self-hosted.js';

/** The guides for SAML, by provider. */
export const SAML_GUIDES: Readonly<Record<GuidedProvider, SamlGuide>> = { ...HOSTED, ...SELF_HOSTED };
