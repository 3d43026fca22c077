import fs from 'node:fs';
import path from 'node:path';
import { architectureFolders, debianTree, failureOf, libraryEnv } from './debian-tree.mjs';

const PACKAGES = [
  'simplesamlphp',
  'php-cli',
  'php-mbstring',
  'php-xml',
  'liblemonldap-ng-portal-perl',
  'libio-string-perl',
  'liblasso-perl',
  'libstring-random-perl',
  'libxml-simple-perl',
  'starman',
];
const PERL_MODULES = [
  'Lemonldap::NG::Portal::Main',
  'Lemonldap::NG::Portal::Issuer::SAML',
  'Lemonldap::NG::Portal::Issuer::OpenIDConnect',
  'Starman',
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

/** Returns undefined if PHP and Perl load the providers' libraries, otherwise the first error. */
async function problem(tree) {
  const env = { PATH: process.env.PATH, ...perlEnv(tree) };
  const [command, args] = php(tree);
  const code = `require '${tree}/usr/share/simplesamlphp/lib/_autoload.php';`;
  return (
    (await failureOf(command, [...args, '-r', code], env)) ??
    failureOf('perl', [...PERL_MODULES.map((name) => `-M${name}`), '-e', '1'], env)
  );
}

/**
 * Unpacks the identity providers of the distribution into the cache: SimpleSAMLphp with PHP, and LemonLDAP::NG with its
 * Perl modules. Returns { tree, env, php: [command, arguments] }.
 */
export async function identityProviders() {
  const tree = await debianTree({
    title: 'SimpleSAMLphp and LemonLDAP::NG',
    name: 'identity-providers',
    packages: PACKAGES,
    install: 'run this command on Debian 12, where `apt-get download` reaches an archive',
    problem,
  });
  return { tree, env: perlEnv(tree), php: php(tree) };
}
