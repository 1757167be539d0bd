import { wireFormats } from '../../src/providers/index.ts';
import { providerContract } from '../contracts/provider.ts';
import { wireFactsOf } from './wire-facts.ts';

for (const plugin of wireFormats) providerContract(plugin, wireFactsOf(plugin.api));
