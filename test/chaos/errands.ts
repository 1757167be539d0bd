/**
 * What people ask for in the storm, and what a complete answer to it is. Every errand has an id that stands in the message,
 * in each line of its answer and in each side effect of its tools, so that all three can be counted. Must never know the gateway.
 */

export type ErrandKind = 'plain' | 'slow' | 'long' | 'read' | 'write' | 'writes';

export interface Errand {
  /** `p3n17`: the 17th message of person 3. */
  id: string;
  person: number;
  number: number;
  kind: ErrandKind;
}

export interface AnswerLine {
  person: number;
  number: number;
  /** From 1. */
  line: number;
  of: number;
}

const LINES: Record<ErrandKind, number> = { plain: 1, slow: 12, long: 120, read: 2, write: 1, writes: 1 };
const FILLER = ' as the person wished, in so many words that several messages are needed';

export function errand(person: number, number: number, kind: ErrandKind): Errand {
  return { id: `p${person}n${number}`, person, number, kind };
}

export function textOf({ id, kind }: Errand): string {
  return `please do ${id} ${kind}`;
}

/** The errands that stand in a text, in its order. */
export function errandsIn(text: string): Errand[] {
  const found = text.matchAll(/\bdo p(\d+)n(\d+) (plain|slow|long|read|writes|write)\b/g);
  return [...found].map(([, person, number, kind]) => errand(Number(person), Number(number), kind as ErrandKind));
}

export function answerTo({ id, kind }: Errand): string[] {
  const count = LINES[kind];
  return Array.from({ length: count }, (_, index) => `${id}:${index + 1}/${count}${kind === 'long' ? FILLER : ' done'}`);
}

export function linesIn(text: string): AnswerLine[] {
  return [...text.matchAll(/\bp(\d+)n(\d+):(\d+)\/(\d+)\b/g)].map(([, person, number, line, of]) => ({
    person: Number(person),
    number: Number(number),
    line: Number(line),
    of: Number(of),
  }));
}

export function errandIdOf({ person, number }: AnswerLine): string {
  return `p${person}n${number}`;
}

/** The tool calls of one round of an errand; none when it is time to answer. */
export function callsOf({ id, kind }: Errand, round: number): { call: string; input: unknown }[] {
  const read = { call: 'read', input: { path: 'notes.txt' } };
  if (kind === 'read' && round === 0) return [read, { call: 'list', input: { path: '.' } }];
  if (kind === 'write' && round === 0) return [effect(id, round)];
  if (kind === 'writes' && round < 2) return [effect(id, round), read];
  return [];
}

/** One line in a file, after a moment and before another, so that a death may fall on either side of it. */
function effect(id: string, round: number): { call: string; input: unknown } {
  return {
    call: 'exec',
    input: { command: `sleep 0.05; echo ${id}.${round} >> ${EFFECTS_FILE}; sleep 0.05; echo ok ${id}.${round}` },
  };
}

/** In the workspace. */
export const EFFECTS_FILE = 'effects.txt';
