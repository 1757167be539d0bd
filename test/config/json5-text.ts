/** Random JSON5 texts as people write them: comments, all kinds of quotes, trailing commas, one line or many. */
import * as fc from 'fast-check';

const space = fc.constantFrom(
  '',
  ' ',
  '  ',
  '\n',
  '\n  ',
  ' /* note */ ',
  ' // to the end\n',
  '\n// own line\n\t',
  '/**/',
  '\r\n',
);
const key = fc.constantFrom('a', 'b', 'c', '"d"', "'e f'", '"g.h"', 'default', '"\\u0069"', '$j');
const scalar = fc.constantFrom('1', '-0x1F', '.5', 'true', 'null', '"text"', "'it\\'s'", '"a // b"', "'{'", '"}"', '1e3', '""');

interface Piece {
  before: string;
  text: string;
  after: string;
}

function joined(open: string, pieces: Piece[], close: string, trailing: boolean): string {
  const inner = pieces.map(({ before, text, after }) => before + text + after).join(',');
  return `${open}${inner}${trailing && pieces.length > 0 ? ',' : ''}${close}`;
}

const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, { arbitrary: scalar, weight: 2 }, tie('object'), tie('array')),
  object: fc
    .tuple(
      fc.uniqueArray(fc.record({ key, colon: space, before: space, value: tie('value'), after: space }), {
        maxLength: 4,
        selector: (member) => member.key,
      }),
      fc.boolean(),
      space,
    )
    .map(([members, trailing, end]) =>
      joined(
        '{',
        members.map((one) => ({ before: one.before, text: `${one.key}${one.colon}:${one.value}`, after: one.after })),
        `${end}}`,
        trailing,
      ),
    ),
  array: fc
    .tuple(fc.array(fc.record({ before: space, text: tie('value'), after: space }), { maxLength: 3 }), fc.boolean(), space)
    .map(([items, trailing, end]) => joined('[', items, `${end}]`, trailing)),
}));

/** The root is an object with at least one key. */
export const json5Text = fc
  .tuple(space, fc.array(fc.record({ before: space, value, after: space }), { minLength: 1, maxLength: 4 }), fc.boolean(), space)
  .map(
    ([head, members, trailing, tail]) =>
      head +
      joined(
        '{',
        members.map((one, index) => ({ before: one.before, text: `k${index}: ${one.value}`, after: one.after })),
        '}',
        trailing,
      ) +
      tail,
  );
