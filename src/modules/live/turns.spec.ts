import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { Turns } from './turns.js';

it('never runs more at once than allowed, in the order of arrival, and all end, failures included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      async (atOnce, works) => {
        const turns = new Turns(() => atOnce);
        const begun: number[] = [];
        let running = 0;
        let most = 0;
        const outcomes = await Promise.allSettled(
          works.map((well, i) =>
            turns.take(async () => {
              begun.push(i);
              most = Math.max(most, (running += 1));
              await turn();
              running -= 1;
              if (!well) throw new Error('failed');
            }),
          ),
        );
        expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(works);
        expect(begun).toEqual(works.map((_, i) => i));
        expect(most).toBe(Math.min(atOnce, works.length));
      },
    ),
  );
});
