import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { installHooks } from './typescript.mjs';

installHooks();

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** A test environment without a realm of its own: the test files of a worker share their modules. */
export default class SharedModules {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;

  constructor({ projectConfig }) {
    this.before = { console: globalThis.console, exit: process.exit };
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    globalThis.console = this.before.console;
    process.exit = this.before.exit;
    delete globalThis[TIMEOUT];
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
}
