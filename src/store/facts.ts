/** Small facts of the gateway itself, by name. */
import type { Store } from '../domain/store.ts';
import type { StoreContext } from './context.ts';

export function createFacts({ commit, database }: StoreContext): Pick<Store, 'getFact' | 'setFact'> {
  const select = database.statement('SELECT value FROM facts WHERE name = ?');
  const upsert = database.statement('INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  return {
    getFact: (name) => commit.read(() => select.get<{ value: string }>(name)?.value),
    setFact: (name, value) => commit.write(() => void upsert.run(name, value)),
  };
}
