import fs from 'node:fs';
import path from 'node:path';
import { run } from '../lib/process.mjs';
import { architectureFolders, debianTree, libraryEnv } from './debian-tree.mjs';

const PACKAGES = [
  'simplesamlphp',
  'php-cli',
  'php-mbstring',
  'php-xml',
  'liblemonldap-ng-portal-perl',
  'libio-string-perl',
  'liblasso-perl',
  'starman',
];
/** As in the distribution's php.ini-production: messages go to the log, and headers may follow text. */
const PHP_SETTINGS = ['display_errors=0', 'log_errors=1', 'output_buffering=4096'];
const PHP_EXTENSIONS = ['ctype', 'dom', 'iconv', 'mbstring', 'posix', 'simplexml', 'tokenizer', 'xml', 'xmlwriter'];

const entries = (folder, pattern) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => pattern.test(name))
        .map((name) => path.join(folder, name))
    : [];

const asOption = (setting) => ['-d', setting];

/** Returns PHP with its extensions as [command, arguments]. The tree has no PHP if the system has one. */
function php(tree) {
  const [command] = entries(path.join(tree, 'usr/bin'), /^php\d+\.\d+$/);
  const [extensions] = entries(path.join(tree, 'usr/lib/php'), /^\d{8}$/);
  if (command === undefined || extensions === undefined) return ['php', PHP_SETTINGS.flatMap(asOption)];
  const loaded = [`extension_dir=${extensions}`, ...PHP_EXTENSIONS.map((name) => `extension=${name}`)];
  return [command, ['-n', ...[...PHP_SETTINGS, ...loaded].flatMap(asOption)]];
}

/** Returns the environment in which Perl finds the modules of the tree. */
function perlEnv(tree) {
  const versioned = architectureFolders(tree).flatMap((folder) => entries(path.join(folder, 'perl5'), /^5\./));
  return { ...libraryEnv(tree), PERL5LIB: [path.join(tree, 'usr/share/perl5'), ...versioned].join(':') };
}

/** Checks that PHP and Perl load the providers' libraries. */
async function works(tree) {
  const env = { PATH: process.env.PATH, ...perlEnv(tree) };
  const [command, args] = php(tree);
  const checks = [
    [command, [...args, '-r', `require '${tree}/usr/share/simplesamlphp/lib/_autoload.php';`]],
    ['perl', ['-MLasso', '-MLemonldap::NG::Portal::Main', '-MStarman', '-e', '1']],
  ];
  const results = await Promise.all(checks.map(([file, more]) => run(file, more, { env }).catch(() => ({ code: 1 }))));
  return results.every(({ code }) => code === 0);
}

/**
 * Returns the identity providers of the distribution, unpacked into the cache: SimpleSAMLphp with PHP, and LemonLDAP::NG
 * with the Perl modules that it needs. Returns { tree, env, php: [command, arguments] }.
 */
export async function identityProviders() {
  const tree = await debianTree({
    title: 'SimpleSAMLphp and LemonLDAP::NG',
    name: 'identity-providers',
    packages: PACKAGES,
    install: 'run this command on Debian 12, where `apt-get download` reaches an archive',
    works,
  });
  return { tree, env: perlEnv(tree), php: php(tree) };
}
