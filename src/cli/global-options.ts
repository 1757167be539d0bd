/** Options that stand before or behind any command: which installation is meant, and how to print. */

export interface GlobalOptions {
  /** `--profile NAME`: state in `~/.openclaw-NAME`. */
  profile: string | undefined;
  /** `--dev`: short for the profile `dev` on port 19001. */
  dev: boolean;
  colour: boolean;
}

export function readGlobalOptions(argv: readonly string[]): { options: GlobalOptions; rest: string[] } {
  const options: GlobalOptions = { profile: undefined, dev: false, colour: terminalHasColour() };
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    if (word === '--profile') options.profile = argv[(at += 1)] ?? '';
    else if (word.startsWith('--profile=')) options.profile = word.slice('--profile='.length);
    else if (word === '--dev') options.dev = true;
    else if (word === '--no-color' || word === '--no-colour') options.colour = false;
    else rest.push(word);
  }
  return { options, rest };
}

function terminalHasColour(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors?.() === true;
}
