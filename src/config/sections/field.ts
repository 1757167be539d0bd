/** The pieces that the sections of the schema are made of. */
import * as z from 'zod/mini';
import { setting, type SettingFacts } from '../../domain/setting.ts';

/** A key with one possible value: it is known, means what it says, and everything else is refused with the reason. */
export function only<T extends string | boolean>(value: T, facts: SettingFacts & { because: string }) {
  return setting(z._default(z.literal(value), value as z.core.util.NoUndefined<T>), facts);
}

/** An object whose keys all have defaults: leaving it out is the same as writing `{}`. */
export function group<Shape extends z.core.$ZodLooseShape>(shape: Shape, facts?: SettingFacts) {
  const object = z.prefault(z.strictObject(shape), {} as never);
  return facts ? setting(object, facts) : object;
}

/** The platforms' ids are digits; a name can be taken over by somebody else. */
const SENDER_ID = /^(?:[a-z][a-z0-9-]*:)?-?\d{1,20}$/;

/** Ids as text, however they are written. */
export function idList(facts: SettingFacts, wildcard: 'with *' | 'without *') {
  const entry = wildcard === 'with *' ? /^(?:\*|(?:[a-z][a-z0-9-]*:)?-?\d{1,20})$/ : SENDER_ID;
  const expects = `a numeric id${wildcard === 'with *' ? ' or "*"' : ''}`;
  const because = 'Only the numeric id of a person is theirs for ever: a @name can be given up and taken by somebody else.';
  return setting(
    z.array(
      setting(z.pipe(z.union([z.int(), z.string().check(z.regex(entry))]), z.transform(String)), {
        description: 'One sender.',
        expects,
        because,
      }),
    ),
    facts,
  );
}

/** `512m`, `1.5g` or bytes; becomes bytes. */
export function byteSize(facts: SettingFacts, standard: string) {
  return setting(
    z.pipe(
      z._default(z.union([z.int().check(z.gte(1)), z.string().check(z.regex(/^\d+(?:\.\d+)?[kmg]b?$/i))]), standard),
      z.transform((size) => (typeof size === 'number' ? size : bytesOf(size))),
    ),
    { expects: 'a size such as "512m" or "1g", or a number of bytes', ...facts },
  );
}

function bytesOf(size: string): number {
  const power = 'kmg'.indexOf((/[kmg]/i.exec(size)?.[0] ?? 'k').toLowerCase()) + 1;
  return Math.round(Number.parseFloat(size) * 1024 ** power);
}

/** The name of an agent, an account or a provider: it becomes part of paths, session keys and container names. */
export const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
export const NAME_WORDS = 'a name of small letters, digits, - and _, at most 32 long';

const MODEL_REFERENCE = /^[a-z0-9][a-z0-9._-]*\/\S{1,200}$/i;

export function modelReference(facts: SettingFacts) {
  return setting(z.string().check(z.regex(MODEL_REFERENCE)), { expects: 'a model as provider/model-id', ...facts });
}
