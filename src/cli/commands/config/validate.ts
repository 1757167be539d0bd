/** `openclaw config validate`: would the gateway start with this configuration? References are resolved, as at a start. */
import { defineCommand } from 'citty';
import { loadConfig } from '../../../config/load.ts';
import { configModel } from '../../../config/model.ts';
import { describeProblem, ConfigError } from '../../../config/problems.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { exitCodes } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const { out, paths } = contextOf(call);
    const locations = paths();
    try {
      const model = configModel();
      const loaded = await loadConfig(model, { locations, purpose: 'start' });
      const missing = resolveConfig(model, loaded).channels.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
      const warnings = [...loaded.warnings, ...missing];
      if (call.args.json)
        return out.json({ ok: true, path: locations.configPath, exists: loaded.exists, problems: [], warnings });
      for (const warning of warnings) out.note(`Warning: ${warning}`);
      out.line(`Config OK: ${locations.configPath}${loaded.exists ? '' : ' (there is no file, so every default counts)'}`);
    } catch (error) {
      if (!(error instanceof ConfigError) || !call.args.json) throw error;
      const problems = error.problems.map((problem) => ({ ...problem, text: describeProblem(problem) }));
      out.json({ ok: false, path: locations.configPath, problems, warnings: [] });
      return exitCodes.failed;
    }
  },
});
