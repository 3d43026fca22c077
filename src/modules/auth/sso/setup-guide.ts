import type { UpdateSsoConnectionDto } from './sso.dto.js';

/** The identity providers with their own guide; `generic` is for any other provider. */
export const GUIDED = [
  'okta',
  'entra',
  'google',
  'keycloak',
  'adfs',
  'pingfederate',
  'pingone',
  'onelogin',
  'jumpcloud',
  'duo',
  'auth0',
  'shibboleth',
  'cas',
  'generic',
] as const;
export type GuidedProvider = (typeof GUIDED)[number];

/** A field or an attribute with its value. `{name}` in a value is replaced by a value of the connection. */
export type Row = readonly [name: string, value: string];

/** What an administrator enters at one provider. Names of fields are the provider's own. */
export interface ProviderGuide {
  /** Where the form is in the provider's console or configuration. */
  readonly place: string;
  readonly rows: readonly Row[];
  /** The name of each attribute or claim, and its source at the provider. */
  readonly email: Row;
  readonly name: Row;
  readonly groups: Row;
  /** The settings of the connection that differ from the defaults. */
  readonly settings?: Partial<UpdateSsoConnectionDto>;
  readonly nextSteps: readonly string[];
}

/** The values of a connection by the names that the rows use. A row with a value of null is left out. */
export type GuideValues = Readonly<Record<string, string | null>>;

/** The attribute names that the administrator has already set. */
export interface ChosenAttributes {
  readonly emailAttribute: string | null;
  readonly nameAttribute: string | null;
  readonly groupAttribute: string | null;
}

/** Returns a guide with the values of a connection. An attribute name of the connection replaces that of the guide. */
export function filledGuide(
  { place, rows, email, name, groups, settings = {}, nextSteps }: ProviderGuide,
  values: GuideValues,
  { emailAttribute, nameAttribute, groupAttribute }: ChosenAttributes,
) {
  const attribute = (chosen: string | null, [usual, source]: Row, purpose: string) => ({
    name: chosen ?? usual,
    source,
    purpose,
  });
  return {
    place,
    fields: rows.flatMap(([field, text]) => {
      const value = filled(text, values);
      return value === null ? [] : [{ field, value }];
    }),
    attributes: [
      attribute(emailAttribute, email, 'e-mail address'),
      attribute(nameAttribute, name, 'name'),
      attribute(groupAttribute, groups, 'groups, which decide the role'),
    ],
    settings: Object.entries(settings).map(([field, value]) => ({
      field,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    nextSteps: [...nextSteps, 'groupRoles: the role of each group', 'run a test sign-in, then enforce single sign-on'],
  };
}

/** Returns the text with the values in place of their names; null when a value is missing. */
function filled(text: string, values: GuideValues): string | null {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).filter((name) => Object.hasOwn(values, name));
  if (names.some((name) => values[name] === null)) return null;
  return names.reduce((result, name) => result.replaceAll(`{${name}}`, values[name]!), text);
}
