/** Loads the configuration for a program that will run: every reference followed, every rule held. */
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { configModel } from '../config/model.ts';
import type { FlagValue } from '../config/layers.ts';
import type { Locations } from '../config/locations.ts';

export function loadForStart(locations: Locations, flags: readonly FlagValue[] = []): Promise<LoadedConfig> {
  return loadConfig(configModel(), { locations, flags, purpose: 'start' });
}
