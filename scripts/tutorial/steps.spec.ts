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
  it('has commands and edits in the order of the page', () => {
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

  it('edits a file only if the edit matches exactly one position', () => {
    const edit = { file: 'f', hunks: [{ before: 'one\n', after: 'one\ntwo\n' }] };
    expect(edited('zero\none\nthree\n', edit)).toBe('zero\none\ntwo\nthree\n');
    expect(() => edited('zero\n', edit)).toThrow('does not match exactly one position');
    expect(() => edited('one\none\n', edit)).toThrow('does not match exactly one position');
  });
});
