/**
 * Owns what of an answer goes back to its vendor unchanged: signatures, encrypted reasoning, item ids. It travels in
 * `providerData` of our parts, is written to disk with them, and is opaque to everyone else.
 * Must never hand one vendor's or model's data to another: signatures are bound to the model that made them.
 */
import type { SharedV4ProviderMetadata } from '@ai-sdk/provider';

/**
 * Where a mark stands. Our text parts carry no vendor data, so what a vendor attaches to a text travels in an empty
 * reasoning part just before or after it.
 */
export type TextMark = 'before-text' | 'after-text';

export interface Kept {
  /** `providerId/model` that made it. */
  from: string;
  options?: SharedV4ProviderMetadata;
  mark?: TextMark;
}

/** The data if it was made by `from`, else undefined. Never throws: it comes from disk. */
export function keptFor(providerData: unknown, from: string): Kept | undefined {
  if (typeof providerData !== 'object' || providerData === null) return undefined;
  const kept = providerData as Partial<Kept>;
  return kept.from === from ? (kept as Kept) : undefined;
}
