/** The people of the storm: each writes one numbered message after the other, also before the last one is answered. */
import type { BotApi } from '../peers/bot-api.ts';
import { errand, textOf, type ErrandKind } from './errands.ts';
import type { Ledger } from './ledger.ts';

export interface PeopleOptions {
  talkers: number;
  /** These want tools, and so each a sandbox. */
  workers: number;
  random: () => number;
}

/** Unanswered messages of one person, at most. */
const MOST_OPEN = 3;
const LONGEST_PAUSE_MS = 900;
const FIRST_CHAT = 5_000;
const TALK: readonly ErrandKind[] = ['plain', 'plain', 'plain', 'slow', 'long'];
const WORK: readonly ErrandKind[] = ['read', 'write', 'write', 'writes', 'plain'];

/** They write until they are called off. */
export function letPeopleWrite(bot: BotApi, ledger: Ledger, { talkers, workers, random }: PeopleOptions): () => void {
  let over = false;
  const live = (number: number, kinds: readonly ErrandKind[]): void => {
    const person = bot.person(FIRST_CHAT + number);
    const said: string[] = [];
    const next = (): void => {
      if (over) return;
      setTimeout(next, random() * LONGEST_PAUSE_MS);
      if (said.filter((id) => !ledger.isAnswered(id)).length >= MOST_OPEN) return;
      const kind = kinds[Math.floor(random() * kinds.length)] as ErrandKind;
      const asked = errand(number, said.length + 1, kind);
      said.push(asked.id);
      ledger.asked(asked);
      person.text(textOf(asked));
    };
    setTimeout(next, random() * LONGEST_PAUSE_MS);
  };
  for (let number = 0; number < workers + talkers; number += 1) live(number, number < workers ? WORK : TALK);
  return () => void (over = true);
}
