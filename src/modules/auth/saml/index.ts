export { SamlModule } from './saml.module.js';
export { metadataText } from './metadata-source.js';
