/** `openclaw config file`: where the file is, whether it exists or not. */
import { existsSync } from 'node:fs';
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON, with the other places of this installation' } },
  run(call) {
    const { out, paths } = contextOf(call);
    const { configPath, stateDir, credentialsDir, dotEnvPath } = paths();
    if (!call.args.json) return out.line(configPath);
    return out.json({ configPath, exists: existsSync(configPath), stateDir, credentialsDir, dotEnvPath });
  },
});
