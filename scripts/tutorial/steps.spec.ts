import { describe, expect, it } from '@jest/globals';
import { edited, stepsOf } from './steps.mjs';

const MARKDOWN = `
# Title

\`\`\`sh
first command
second command
\`\`\`

\`\`\`ts
shown();
\`\`\`

\`\`\`diff src/file.ts
 one
+two
@@
-three
+four
\`\`\`
`;

describe('a tutorial', () => {
  it('has commands and edits, in the order of the page', () => {
    expect(stepsOf(MARKDOWN)).toEqual([
      { command: 'first command' },
      { command: 'second command' },
      {
        file: 'src/file.ts',
        hunks: [
          { before: 'one\n', after: 'one\ntwo\n' },
          { before: 'three\n', after: 'four\n' },
        ],
      },
    ]);
  });

  it('changes a file only where an edit fits exactly one place', () => {
    const edit = { file: 'f', hunks: [{ before: 'one\n', after: 'one\ntwo\n' }] };
    expect(edited('zero\none\nthree\n', edit)).toBe('zero\none\ntwo\nthree\n');
    expect(() => edited('zero\n', edit)).toThrow('fits no single place');
    expect(() => edited('one\none\n', edit)).toThrow('fits no single place');
  });
});
