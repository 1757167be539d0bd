/** One harmless input for each tool of the list. */
export const examples: Readonly<Record<string, object>> = {
  exec: { command: 'sleep 600' },
  process: { action: 'list' },
  read: { path: 'example.txt' },
  write: { path: 'example.txt', content: 'example' },
  edit: { path: 'example.txt', oldText: 'example', newText: 'other' },
  list: {},
  search: { pattern: 'example' },
};
