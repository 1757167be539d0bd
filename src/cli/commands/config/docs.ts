/** `openclaw config docs`: every key explained, as docs/configuration.md has it. */
import { defineCommand } from 'citty';
import { configDocs } from '../../../config/docs.ts';
import { configModel } from '../../../config/model.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {},
  run(call) {
    contextOf(call).out.raw(configDocs(configModel()));
  },
});
