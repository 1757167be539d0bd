/** The tools. To add one: a file here, and its name in this list. */
import type { Tool } from '../domain/tool.ts';
import { edit } from './edit.ts';
import { exec } from './exec.ts';
import { list } from './list.ts';
import { process } from './process.ts';
import { read } from './read.ts';
import { search } from './search.ts';
import { write } from './write.ts';

export const tools: readonly Tool[] = [exec, process, read, write, edit, list, search];
