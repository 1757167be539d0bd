/** `openclaw config schema`: the JSON Schema, for editors. */
import { defineCommand } from 'citty';
import { jsonSchemaOf } from '../../../config/json-schema.ts';
import { configModel } from '../../../config/model.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {},
  run(call) {
    contextOf(call).out.json(jsonSchemaOf(configModel().schema));
  },
});
