import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { installHooks } from './typescript.mjs';

installHooks();

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');
/** The name of the symbol that holds the tests of a file. */
const STATE = 'JEST_STATE_SYMBOL';

/** A test environment without a realm of its own: the test files of a worker share their modules. */
export default class SharedModules {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);

  constructor({ projectConfig }) {
    this.before = { console: globalThis.console, exit: process.exit, getBuiltinModule: process.getBuiltinModule };
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  /** Restores the function that the constructor of Jest's runtime replaced. */
  async setup() {
    process.getBuiltinModule = this.before.getBuiltinModule;
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    globalThis.console = this.before.console;
    process.exit = this.before.exit;
    delete globalThis[TIMEOUT];
    const states = Object.getOwnPropertySymbols(globalThis).filter(({ description }) => description === STATE);
    for (const state of states) delete globalThis[state];
  }

  getVmContext() {
    return null;
  }
}
