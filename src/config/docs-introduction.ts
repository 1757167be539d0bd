/** The part of docs/configuration.md that stands before the keys. */
import type { ConfigModel } from './model.ts';

export function introduction(model: ConfigModel): string {
  return [HEAD, environment(model), REFERENCES, FILES, CHANGES, KEYS].join('\n\n');
}

const HEAD = `# Configuration

<!-- Made by \`openclaw config docs\`. Change the schema, not this file. -->

One file holds the configuration: \`~/.openclaw/openclaw.json\`, in JSON5 (JSON with comments, unquoted keys and trailing commas), mode 0600. No file is the same as an empty one, and an empty one works: every key has a default, and the defaults are the safe ones.

\`\`\`
openclaw config file                    where it is
openclaw config get PATH                a value that counts now; secrets as fingerprints, --reveal for themselves
openclaw config set PATH VALUE          change one value; --stdin reads it, --json wants JSON5
openclaw config unset PATH              remove one
openclaw config validate                would the gateway start with it?
openclaw config schema                  JSON Schema, for editors
openclaw config docs                    this text
\`\`\`

A path is written \`gateway.port\`, \`agents.list[0].id\`, \`models.providers["my.server"].baseUrl\`. \`config set\` changes that value and leaves every other byte of the file as it is, comments and order included. The result is checked as a whole before it is written, atomically. No copy of the old file is kept: it would keep old secrets.

What the schema does not know is refused, with line and column, what was expected, and the key that was probably meant.

## Where values come from

The first that says something counts:

1. options of the command line
2. the environment of the process
3. \`.env\` in the state directory (\`NAME=VALUE\` lines; never from the working directory or a workspace)
4. the file
5. the defaults below

| what | where |
|---|---|
| state directory | \`--profile NAME\` (\`~/.openclaw-NAME\`), \`--dev\` (profile \`dev\`, port 19001), else \`OPENCLAW_STATE_DIR\`, else \`.openclaw\` in \`OPENCLAW_HOME\` or \`HOME\` |
| configuration file | \`OPENCLAW_CONFIG_PATH\` (without \`--profile\` or \`--dev\`), else \`openclaw.json\` in the state directory |`;

function environment(model: ConfigModel): string {
  const rows = model.environmentNames.map(({ name, paths, onlyWith }) => {
    const condition = onlyWith ? `, where \`${onlyWith.join('.')}\` is there` : '';
    return `| \`${name}\` | ${paths.map((path) => `\`${path.join('.')}\``).join(' and ')}${condition} |`;
  });
  return ['| environment variable | stands for |', '|---|---|', ...rows, '', OWN_SERVER].join('\n');
}

const OWN_SERVER =
  'A key that stands in the file beside a `baseUrl` belongs to that server: the vendor’s variable does not replace it.';

const REFERENCES = `## Secrets

A key that holds a secret takes the secret itself or a reference. References are resolved when the configuration is loaded; what they stand for is never written anywhere.

| written | is |
|---|---|
| \`env:NAME\` | an environment variable (also from \`.env\`) |
| \`file:/path\` | a file with nothing in it but the secret: at most 64 KiB, not readable by everybody, not writable by others |
| \`credential:NAME\` | a credential that systemd passes to the service (\`LoadCredential=\`, \`LoadCredentialEncrypted=\`) |
| \`op://vault/item/field\` | a field in 1Password, read with \`op read\` |

In every text \`\${NAME}\` stands for an environment variable (capitals, digits and \`_\`), and \`$\${NAME}\` for the text \`\${NAME}\` itself. A variable that is missing is an error that names it.

A placeholder (\`changeme\`, \`undefined\`, \`MANAGED_BY_1PASSWORD\`, nothing) is refused where a secret is needed, unless the environment says the real one.`;

const FILES = `## Files

The configuration and \`.env\` are refused when other users can write them, or everybody their directory. A symbolic link, a file that others can read, and a file of another user are told.

The agent's identity is **SOUL.md**. It is looked for in three places, and the first that is there counts for every agent: beside the configuration file, in the state directory (\`~/.openclaw/SOUL.md\`, which root can own so that the service cannot change it), in the agent's workspace.`;

const CHANGES = `## When a change takes effect

The gateway reads the file when it starts and on SIGHUP (\`systemctl reload openclaw\`). A file that is wrong is told, and the old configuration stays. The last column says what a change needs:

- \`reload\`: a reload; nothing is interrupted
- \`channel\`: a reload; the channel reconnects
- \`restart\`: a restart of the gateway`;

const KEYS = `# Keys`;
