// Who may talk: the table of policies, and the property that no path leads from an unlisted sender to a lane.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ChatKind, InboundEvent, InboundKind } from '../../src/domain/message.ts';
import type { AdmissionSettings } from '../../src/domain/settings.ts';
import { admit } from '../../src/gateway/admission.ts';
import type { Verdict } from '../../src/gateway/admission.ts';
import { admissionSettings } from './bed/settings.ts';

const KINDS: InboundKind[] = ['message', 'edited', 'deleted', 'callback', 'reaction', 'membership'];

function event(change: Partial<InboundEvent> = {}): InboundEvent {
  return {
    channel: 'telegram',
    account: 'default',
    eventId: 'e1',
    kind: 'message',
    chat: { id: '555', kind: 'direct' },
    sender: { id: '555', isBot: false },
    text: 'hello',
    attachments: [],
    addressed: true,
    sentAtMs: 0,
    ...change,
  };
}

const group = (change: Partial<InboundEvent> = {}): InboundEvent => event({ chat: { id: '-9', kind: 'group' }, ...change });

/** @param paired ids that the owner approved. */
function judge(
  one: InboundEvent,
  settings: Partial<AdmissionSettings> | undefined,
  paired: string[] = [],
  ownId?: string,
): Promise<Verdict> {
  const isAllowed = async (_channel: string, _account: string, id: string): Promise<boolean> => paired.includes(id);
  return admit(one, settings && admissionSettings(settings), { isAllowed, ownId });
}

const outcome = async (verdict: Promise<Verdict>): Promise<string> => {
  const decided = await verdict;
  return decided.outcome === 'refuse' ? decided.reason : decided.outcome;
};

test('direct messages under each policy', async () => {
  assert.equal(await outcome(judge(event(), { dmPolicy: 'disabled', allowFrom: ['555'] }, ['555'])), 'direct messages disabled');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'allowlist', allowFrom: ['555'] })), 'admit');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'allowlist', allowFrom: ['telegram:555'] })), 'admit');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'allowlist', allowFrom: ['other:555'] })), 'sender not allowed');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'allowlist', allowFrom: [] }, ['555'])), 'sender not allowed');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'open', allowFrom: ['*'] })), 'admit');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'open', allowFrom: [] })), 'sender not allowed');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'pairing' })), 'pair');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'pairing' }, ['555'])), 'admit');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'pairing', allowFrom: ['555'] })), 'admit');
});

test('a star opens nothing but an open policy', async () => {
  assert.equal(await outcome(judge(event(), { dmPolicy: 'allowlist', allowFrom: ['*'] })), 'sender not allowed');
  assert.equal(await outcome(judge(event(), { dmPolicy: 'pairing', allowFrom: ['*'] })), 'pair');
  const star = event({ sender: { id: '*', isBot: false } });
  assert.equal(await outcome(judge(star, { dmPolicy: 'allowlist', allowFrom: ['*'] })), 'sender not allowed');
});

test('names are no identity', async () => {
  const named = event({ sender: { id: '7', name: '555', username: '555', isBot: false } });
  assert.equal(await outcome(judge(named, { dmPolicy: 'allowlist', allowFrom: ['555', '@555'] })), 'sender not allowed');
});

test('every kind of event passes the same gate, and only a message gets a code', async () => {
  for (const kind of KINDS) {
    assert.equal(await outcome(judge(event({ kind }), { dmPolicy: 'allowlist' })), 'sender not allowed', kind);
    assert.equal(await outcome(judge(event({ kind }), {})), kind === 'message' ? 'pair' : 'sender not paired', kind);
    assert.equal(await outcome(judge(group({ kind }), {})), 'groups disabled', kind);
  }
});

test('bots and our own messages', async () => {
  const bot = event({ sender: { id: '8', isBot: true } });
  const open: Partial<AdmissionSettings> = { dmPolicy: 'open', allowFrom: ['*'] };
  assert.equal(await outcome(judge(bot, open)), 'bot');
  assert.equal(await outcome(judge(bot, { ...open, allowBots: true })), 'bot', 'without our own id it could be us');
  assert.equal(await outcome(judge(bot, { ...open, allowBots: true }, [], '9')), 'admit');
  assert.equal(await outcome(judge(bot, { ...open, allowBots: true }, [], '8')), 'own message');
  assert.equal(await outcome(judge(event({ sender: { id: '9', isBot: false } }), open, [], '9')), 'own message');
});

test('groups are off, then listed, then addressed, then by sender', async () => {
  const listed = { groups: { '-9': { enabled: true, requireMention: true } } };
  const rule: Partial<AdmissionSettings> = { groupPolicy: 'allowlist', groupAllowFrom: ['555'], ...listed };
  assert.equal(await outcome(judge(group(), listed)), 'groups disabled');
  assert.equal(await outcome(judge(group(), { ...rule, groups: {} })), 'group not listed');
  assert.equal(await outcome(judge(group(), rule)), 'admit');
  assert.equal(await outcome(judge(group({ addressed: false }), rule)), 'not addressed');
  assert.equal(await outcome(judge(group({ sender: { id: '6', isBot: false } }), rule)), 'sender not allowed');
  const silent = { ...rule, groups: { '-9': { enabled: true, requireMention: false } } };
  assert.equal(await outcome(judge(group({ addressed: false }), silent)), 'admit');
  const off = {
    ...rule,
    groups: { '-9': { enabled: false, requireMention: false }, '*': { enabled: true, requireMention: false } },
  };
  assert.equal(await outcome(judge(group(), off)), 'group disabled');
  const own = { ...rule, groups: { '-9': { enabled: true, requireMention: false, allowFrom: ['6'] } } };
  assert.equal(await outcome(judge(group(), own)), 'sender not allowed', 'the list of the group replaces the general one');
});

test('a pairing opens the direct chat and no group', async () => {
  const rule: Partial<AdmissionSettings> = {
    groupPolicy: 'allowlist',
    groups: { '*': { enabled: true, requireMention: false } },
  };
  assert.equal(await outcome(judge(group(), rule, ['555'])), 'sender not allowed');
  assert.equal(await outcome(judge(group(), { ...rule, allowFrom: ['555'] }, ['555'])), 'sender not allowed');
});

test('a broadcast channel is heard only when it is named', async () => {
  const post = event({ chat: { id: '-100', kind: 'channel' }, sender: { id: '-100', isBot: false } });
  const open: Partial<AdmissionSettings> = { groupPolicy: 'open', groups: { '*': { enabled: true, requireMention: false } } };
  assert.equal(await outcome(judge(post, open)), 'group not listed');
  assert.equal(await outcome(judge(post, { ...open, groups: { '-100': { enabled: true, requireMention: false } } })), 'admit');
});

test('what fails refuses', async () => {
  const failing = { isAllowed: () => Promise.reject(new Error('the store is gone')) };
  assert.deepEqual(await admit(event(), admissionSettings(), failing), { outcome: 'refuse', reason: 'admission failed' });
  assert.equal(await outcome(judge(event(), undefined, ['555'])), 'admission failed');
  assert.equal(await outcome(judge({} as InboundEvent, { dmPolicy: 'open', allowFrom: ['*'] })), 'admission failed');
  assert.equal(
    await outcome(judge(event({ sender: { id: '', isBot: false } }), { dmPolicy: 'open', allowFrom: ['*'] })),
    'malformed event',
  );
  const odd = { dmPolicy: 'pairing', groupPolicy: 'sometimes' } as unknown as AdmissionSettings;
  assert.equal(await outcome(judge(group(), odd)), 'groups disabled');
  const truthy = { isAllowed: async () => 'yes' as unknown as boolean };
  assert.deepEqual(await admit(event(), admissionSettings(), truthy), { outcome: 'pair' });
  assert.equal(
    await outcome(
      judge(group({ chat: { id: '__proto__', kind: 'group' } }), { groupPolicy: 'allowlist', groupAllowFrom: ['555'] }),
    ),
    'group not listed',
  );
});

const id = fc.constantFrom('1', '2', '3', '*', '-9', 'telegram:1', '__proto__');
const someIds = fc.uniqueArray(id, { maxLength: 4 });
const groupRule = fc.record(
  { enabled: fc.boolean(), requireMention: fc.boolean(), allowFrom: someIds },
  { requiredKeys: ['enabled', 'requireMention'] },
);
const anySettings: fc.Arbitrary<AdmissionSettings> = fc.record({
  dmPolicy: fc.constantFrom('pairing', 'allowlist', 'open', 'disabled'),
  allowFrom: someIds,
  groupPolicy: fc.constantFrom('disabled', 'allowlist', 'open'),
  groupAllowFrom: someIds,
  groups: fc.dictionary(fc.constantFrom('-9', '*', '-8'), groupRule),
  allowBots: fc.boolean(),
});
const anyEvent = fc.record({
  kind: fc.constantFrom<InboundKind>(...KINDS),
  chat: fc.record({ id: fc.constantFrom('-9', '-7', '1', '2'), kind: fc.constantFrom<ChatKind>('direct', 'group', 'channel') }),
  sender: fc.record({ id, isBot: fc.boolean(), name: fc.string(), username: id }),
  addressed: fc.boolean(),
  text: fc.string(),
});

/** Said once more, in other words than the code's: who is let in must be named somewhere, or everybody is. */
function isNamed(one: InboundEvent, settings: AdmissionSettings, paired: string[]): boolean {
  return one.chat.kind === 'direct' ? isNamedDirectly(one, settings, paired) : isNamedInGroup(one, settings);
}

function names(list: readonly string[], { sender }: InboundEvent): boolean {
  return sender.id !== '*' && list.some((entry) => entry === sender.id || entry === `telegram:${sender.id}`);
}

function isNamedDirectly(one: InboundEvent, settings: AdmissionSettings, paired: string[]): boolean {
  if (settings.dmPolicy === 'disabled') return false;
  if (settings.dmPolicy === 'open' && settings.allowFrom.includes('*')) return true;
  return names(settings.allowFrom, one) || (settings.dmPolicy === 'pairing' && paired.includes(one.sender.id));
}

function isNamedInGroup(one: InboundEvent, { groups, groupPolicy, groupAllowFrom }: AdmissionSettings): boolean {
  const ruleFor = (id: string) => Object.entries(groups).find(([chatId]) => chatId === id)?.[1];
  const own = ruleFor(one.chat.id);
  const rule = own ?? ruleFor('*');
  const isListed = one.chat.kind === 'channel' ? own : (rule ?? groupPolicy === 'open');
  if (groupPolicy === 'disabled' || !isListed) return false;
  const list = rule?.allowFrom ?? (groupPolicy === 'open' ? ['*'] : groupAllowFrom);
  return list.includes('*') || names(list, one);
}

test('property: nobody who is not named is admitted, whatever the event and the settings', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyEvent,
      anySettings,
      fc.subarray(['1', '2', '3']),
      fc.option(id),
      async (part, settings, paired, ownId) => {
        const one = event(part);
        const verdict = await admit(one, settings, {
          isAllowed: async (_c, _a, who) => paired.includes(who),
          ownId: ownId ?? undefined,
        });
        if (verdict.outcome === 'admit') {
          assert.ok(isNamed(one, settings, paired), 'admitted without being named');
          assert.ok(!one.sender.isBot || settings.allowBots, 'a bot was admitted');
          assert.notEqual(one.sender.id, ownId ?? undefined);
        }
        if (verdict.outcome === 'pair')
          assert.ok(one.chat.kind === 'direct' && settings.dmPolicy === 'pairing' && one.kind === 'message');
      },
    ),
    { numRuns: 3_000 },
  );
});
