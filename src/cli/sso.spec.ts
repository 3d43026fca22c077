import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { getMetadataStorage } from 'class-validator';
import { CreateSsoConnectionDto } from '../modules/auth/sso/index.js';
import { settingsIn, addSettings } from './sso-settings.js';
import { ssoCommands } from './sso.js';

/** Parses options as the command line does, and returns the settings. */
function settings(protocol: 'saml' | 'oidc', ...args: string[]) {
  const command = addSettings(new Command().exitOverride().configureOutput({ writeErr: () => undefined }), protocol);
  return settingsIn(command.parse(args, { from: 'user' }).opts(), protocol);
}

describe('the options of sso', () => {
  it('each have a description', () => {
    const program = new Command();
    ssoCommands(program);
    const commands = program.commands[0]!.commands;
    expect(commands.map((command) => command.name())).toEqual(
      expect.arrayContaining(['add-saml', 'add-oidc', 'list', 'guide', 'test', 'trace', 'enforce', 'verify-domain']),
    );
    const undescribed = commands.flatMap((command) =>
      command.options.filter(({ description }) => !description).map(({ long }) => `${command.name()} ${long}`),
    );
    expect(undescribed).toEqual([]);
  });

  it('cover every setting of the API', () => {
    const program = new Command();
    ssoCommands(program);
    const [saml, oidc] = ['add-saml', 'add-oidc'].map((name) =>
      program.commands[0]!.commands.find((command) => command.name() === name)!,
    );
    const settable = new Set<string>(['name', 'protocol', 'metadata', 'metadataUrl', 'clientSecret']);
    const sample = (text: string) =>
      text.includes('<on|off>') ? 'on' : text.includes('=') ? 'a=b=c' : text.includes('<file>') ? '/dev/null' : '1';
    for (const [protocol, command] of [
      ['saml', saml],
      ['oidc', oidc],
    ] as const)
      for (const { flags, long } of command!.options)
        if (!['--org', '--json', '--metadata', '--name', '--client-secret-stdin'].includes(long!))
          for (const setting of Object.keys(settings(protocol, long!, sample(flags)))) settable.add(setting);
    const declared = new Set(
      getMetadataStorage()
        .getTargetValidationMetadatas(CreateSsoConnectionDto, '', true, false)
        .map(({ propertyName }) => propertyName),
    );
    expect([...declared].filter((name) => !settable.has(name))).toEqual([]);
  });

  it('take repeated values in their order, and split a rule at its last equals sign', () => {
    expect(
      settings('saml', '--group-role', 'CN=a,DC=b=mentor', '--group-role', 'x=trainee', '--attribute-role', 'a=b=c=d'),
    ).toEqual({
      groupRoles: [
        { group: 'CN=a,DC=b', role: 'mentor' },
        { group: 'x', role: 'trainee' },
      ],
      attributeRoles: [{ attribute: 'a=b', value: 'c', role: 'd' }],
    });
    expect(settings('oidc', '--shared', 'off', '--clock-skew', '90')).toEqual({ shared: false, clockSkewSeconds: 90 });
  });

  it.each([
    ['--shared', 'yes'],
    ['--group-role', 'mentor'],
    ['--attribute-role', 'a=b'],
  ])('reject %s %s', (option, value) => {
    expect(() => settings('saml', option, value)).toThrow(/It must be/);
  });
});
