/** `openclaw channels remove --channel ID`: forgets an account and the token file that was made for it. Who was paired stays. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import { createEditor, unsetInFile } from '../../../config/edit.ts';
import { configModel } from '../../../config/model.ts';
import { valueAt } from '../../../config/path.ts';
import { tokenName } from '../../../config/onboarding.ts';
import { isAppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { tellNotes } from '../config/tell-edit.ts';

export default defineCommand({
  args: {
    channel: { type: 'string', required: true, description: 'like telegram' },
    account: { type: 'string', description: 'only this account of it' },
  },
  async run(call) {
    const { out, paths, config } = contextOf(call);
    const { channel, account } = call.args;
    const editor = createEditor(configModel(), paths());
    const path = ['channels', channel, ...(account === undefined ? [] : ['accounts', account])];
    const { said } = await config();
    const named = account === undefined ? Object.keys(valueAt(said, ['channels', channel, 'accounts']) ?? {}) : [];
    const edit = await unsetInFile(editor, path);
    // It would run the channel with its defaults.
    if (account === undefined) await unsetInFile(editor, ['plugins', 'entries', channel]).catch(ignoreMissing);
    for (const one of [account, ...named]) rmSync(join(paths().credentialsDir, tokenName(channel, one)), { force: true });
    out.line(`Removed ${channel} account "${account ?? 'default'}". Reload or restart the gateway to apply.`);
    tellNotes(out, edit.notes);
  },
});

function ignoreMissing(error: unknown): void {
  if (!isAppError(error, 'not_found')) throw error;
}
