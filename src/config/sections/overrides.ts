/** Makes of a section one that changes another: the same keys, none required and none with a default. */
import * as z from 'zod';
import { setting, type SettingFacts } from '../../domain/setting.ts';

export type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Overrides<T[K]> | undefined }
    : T;

/** Arrays and choices are replaced as a whole; objects are merged key by key. */
export function overridesOf<S extends z.ZodType>(schema: S): z.ZodOptional<z.ZodType<Overrides<z.output<S>>>> {
  return bare(schema).optional() as never;
}

export function overridesOfShape<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
): { [K in keyof Shape]: z.ZodOptional<z.ZodType<Overrides<z.output<Shape[K]>>>> } {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, overridesOf(schema)])) as never;
}

function bare(schema: z.core.$ZodType): z.ZodType {
  const facts = z.globalRegistry.get(schema) as SettingFacts | undefined;
  const inner = strip(schema);
  return facts ? setting(inner, facts) : inner;
}

function strip(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return bare(schema.def.innerType);
  }
  if (schema instanceof z.ZodPipe) return z.pipe(bare(schema.def.in), schema.def.out as never) as never;
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.shape).map(([key, value]) => [key, bare(value as z.ZodType).optional()]);
    return z.strictObject(Object.fromEntries(shape));
  }
  return schema as z.ZodType;
}
