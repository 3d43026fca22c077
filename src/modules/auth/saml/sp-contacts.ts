import type { OperatorConfig } from '../../../platform/config/index.js';
import { attributesXml, elementXml } from './outgoing.js';

const ENGLISH = { 'xml:lang': 'en' };
const SECURITY_CONTACT = 'http://refeds.org/metadata/contactType/security';

/** Returns the names and URLs that a provider's sign-in page can show (sstc-saml-metadata-ui-v1.0-os, section 2.1). */
export function uiInfoXml({ name, url, privacyUrl }: OperatorConfig): string {
  const elements = [
    elementXml('mdui:DisplayName', name, ENGLISH),
    elementXml('mdui:Description', 'Records of trainees and clinicians', ENGLISH),
    elementXml('mdui:InformationURL', url, ENGLISH),
    privacyUrl === undefined ? '' : elementXml('mdui:PrivacyStatementURL', privacyUrl, ENGLISH),
  ];
  return `<md:Extensions><mdui:UIInfo>${elements.join('')}</mdui:UIInfo></md:Extensions>`;
}

/** Returns the organization that operates the service (saml-metadata-2.0-os, section 2.3.2.1). */
export function organizationXml({ name, url }: OperatorConfig): string {
  const elements = [
    elementXml('md:OrganizationName', name, ENGLISH),
    elementXml('md:OrganizationDisplayName', name, ENGLISH),
    elementXml('md:OrganizationURL', url, ENGLISH),
  ];
  return `<md:Organization>${elements.join('')}</md:Organization>`;
}

/** Returns the configured contacts. The security contact has the form of REFEDS, because SAML has no type for it. */
export function contactsXml({ technicalContact, securityContact }: OperatorConfig): string {
  return (
    contactXml('Technical support', technicalContact, { contactType: 'technical' }) +
    contactXml('Security team', securityContact, { contactType: 'other', 'remd:contactType': SECURITY_CONTACT })
  );
}

function contactXml(name: string, email: string | undefined, type: Readonly<Record<string, string>>): string {
  if (email === undefined) return '';
  const inside = elementXml('md:GivenName', name) + elementXml('md:EmailAddress', `mailto:${email}`);
  return `<md:ContactPerson${attributesXml(type)}>${inside}</md:ContactPerson>`;
}
