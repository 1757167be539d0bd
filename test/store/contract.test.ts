// The SQLite store keeps the contract of every store.
import { describe } from 'node:test';
import { storeContract } from '../contracts/store.ts';
import { makePlace } from './place.ts';

describe('store on SQLite', () => storeContract(makePlace));
