/** Makes of a section one that changes another: the same keys, none required and none with a default. */
import * as z from 'zod/mini';
import { setting, type SettingFacts } from '../../domain/setting.ts';

export type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Overrides<T[K]> | undefined }
    : T;

/** Arrays and choices are replaced as a whole; objects are merged key by key. */
export function overridesOf<S extends z.core.$ZodType>(
  schema: S,
): z.ZodMiniOptional<z.ZodMiniType<Overrides<z.output<S>>, Overrides<z.output<S>>>> {
  return z.optional(bare(schema)) as never;
}

export function overridesOfShape<Shape extends Record<string, z.core.$ZodType>>(
  shape: Shape,
): { [K in keyof Shape]: ReturnType<typeof overridesOf<Shape[K]>> } {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, overridesOf(schema)])) as never;
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const facts = z.globalRegistry.get(schema) as SettingFacts | undefined;
  const inner = strip(schema);
  return facts ? setting(inner, facts) : inner;
}

function strip(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodPrefault || schema instanceof z.core.$ZodOptional) {
    return bare(schema._zod.def.innerType);
  }
  if (schema instanceof z.core.$ZodPipe) return z.pipe(bare(schema._zod.def.in), schema._zod.def.out as never);
  if (schema instanceof z.core.$ZodObject) {
    const shape = Object.entries(schema._zod.def.shape).map(([key, value]) => [key, z.optional(bare(value))]);
    return z.strictObject(Object.fromEntries(shape));
  }
  return schema;
}
