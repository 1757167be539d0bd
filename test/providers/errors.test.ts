// What the vendors say when they refuse, in their own words, and what it means to us.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isContextOverflow, isQuotaSpent } from '../../src/domain/model.ts';
import { Secret } from '../../src/domain/secret.ts';
import { StreamFailure } from '../../src/providers/events.ts';
import { toAppError } from '../../src/providers/errors.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const asked = { providerId: 'vendor', model: 'model-1', baseUrl: 'https://api.vendor.example/v1' };

type Expected = 'overflow' | 'quota' | 'limit' | 'denied' | 'not_found' | 'unavailable' | 'invalid';

function meaning(error: unknown): Expected {
  const told = toAppError(error, asked, NOW);
  if (isContextOverflow(told)) return 'overflow';
  if (isQuotaSpent(told)) return 'quota';
  return told.code as Expected;
}

/** An HTTP answer as the vendors' packages report it. */
function http(statusCode: number, body: unknown, headers: Record<string, string> = {}): unknown {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Object.assign(new Error('Bad answer'), {
    name: 'AI_APICallError',
    statusCode,
    responseBody: text,
    responseHeaders: headers,
  });
}

const openai = (message: string, more: object = {}): unknown => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...more },
});
const anthropic = (type: string, message: string): unknown => ({ type: 'error', error: { type, message } });
const google = (code: number, status: string, message: string, details: unknown[] = []): unknown => ({
  error: { code, message, status, details },
});

const cases: readonly [name: string, error: unknown, expected: Expected][] = [
  [
    'OpenAI: window',
    http(
      400,
      openai("This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.", {
        code: 'context_length_exceeded',
      }),
    ),
    'overflow',
  ],
  [
    'OpenAI Responses: window',
    http(400, openai('Your input exceeds the context window of this model. Please adjust your input and try again.')),
    'overflow',
  ],
  [
    'Anthropic: window',
    http(400, anthropic('invalid_request_error', 'prompt is too long: 213462 tokens > 200000 maximum')),
    'overflow',
  ],
  [
    'Anthropic: window with the answer',
    http(400, anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit: 199999 + 21333 > 200000')),
    'overflow',
  ],
  ['Anthropic: body', http(413, anthropic('request_too_large', 'Request exceeds the maximum size')), 'overflow'],
  [
    'Google: window',
    http(
      400,
      google(400, 'INVALID_ARGUMENT', 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'),
    ),
    'overflow',
  ],
  [
    'xAI: window',
    http(400, openai("This model's maximum prompt length is 131072 but the request contains 537812 tokens.")),
    'overflow',
  ],
  [
    'OpenRouter: window',
    http(400, {
      error: {
        code: 400,
        message: "This endpoint's maximum context length is 32768 tokens. However, you requested about 50000 tokens.",
      },
    }),
    'overflow',
  ],
  [
    'Groq: window',
    http(400, openai('Please reduce the length of the messages or completion.', { code: 'context_length_exceeded' })),
    'overflow',
  ],
  [
    'Groq: above a minute',
    http(
      413,
      openai('Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000', {
        code: 'rate_limit_exceeded',
      }),
    ),
    'overflow',
  ],
  [
    'Mistral: window',
    http(400, {
      object: 'error',
      message: 'Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_error',
    }),
    'overflow',
  ],
  ['Moonshot: window', http(400, openai('Invalid request: Your request exceeded model token limit: 262144')), 'overflow'],
  [
    'llama.cpp: window',
    http(400, {
      error: {
        code: 400,
        message: 'the request exceeds the available context size, try increasing it',
        type: 'exceed_context_size_error',
      },
    }),
    'overflow',
  ],
  [
    'LM Studio: window',
    http(400, { error: 'The number of tokens to keep from the initial prompt is greater than the context length.' }),
    'overflow',
  ],
  [
    'window told in the stream',
    new StreamFailure({ message: 'Your input exceeds the context window of this model.', code: 'context_length_exceeded' }),
    'overflow',
  ],
  [
    'rate limit that mentions the context length',
    http(429, openai('Rate limit reached; maximum context length requests are limited', { code: 'rate_limit_exceeded' })),
    'limit',
  ],

  [
    'OpenAI: quota',
    http(
      429,
      openai('You exceeded your current quota, please check your plan and billing details.', {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      }),
    ),
    'quota',
  ],
  [
    'Anthropic: balance',
    http(400, anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.')),
    'quota',
  ],
  ['DeepSeek: balance', http(402, openai('Insufficient Balance')), 'quota'],
  ['OpenRouter: credits', http(402, { error: { code: 402, message: 'Insufficient credits' } }), 'quota'],
  ['OpenRouter: budget in flight', http(402, { error: { code: 402, message: 'wait' } }, { 'retry-after': '2' }), 'limit'],
  [
    'Moonshot: quota',
    http(429, openai('Your account has been suspended, please check your plan', { type: 'exceeded_current_quota_error' })),
    'quota',
  ],
  [
    'Z.ai: balance',
    http(429, { error: { code: '1113', message: 'Insufficient balance or no resource package. Please recharge.' } }),
    'quota',
  ],
  [
    'Google: quota of the day',
    http(
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.', [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
        },
      ]),
    ),
    'quota',
  ],
  [
    'Google: quota of the minute',
    http(
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.', [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel' }],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' },
      ]),
    ),
    'limit',
  ],
  [
    'OpenAI: rate in the stream',
    new StreamFailure({ message: 'Rate limit reached', code: 'rate_limit_exceeded', type: 'tokens' }),
    'limit',
  ],

  ['OpenAI: key', http(401, openai('Incorrect API key provided: sk-ab***yz.', { code: 'invalid_api_key' })), 'denied'],
  [
    'Google: key comes as 400',
    http(
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
    ),
    'denied',
  ],
  [
    'Anthropic: permission',
    http(403, anthropic('permission_error', 'Your API key does not have permission to use the specified resource.')),
    'denied',
  ],
  [
    'Ollama: model',
    http(404, { error: { message: 'model "qwen9" not found, try pulling it first', type: 'not_found_error' } }),
    'not_found',
  ],
  [
    'OpenRouter: model comes as 400',
    http(400, { error: { code: 400, message: 'foo/bar is not a valid model ID' } }),
    'not_found',
  ],
  ['a web page', http(404, '<html><body>Not Found</body></html>'), 'not_found'],
  ['Anthropic: overloaded', http(529, anthropic('overloaded_error', 'Overloaded')), 'unavailable'],
  [
    'Anthropic: overloaded in the stream',
    new StreamFailure({ type: 'overloaded_error', message: 'Overloaded', statusCode: 529 }),
    'unavailable',
  ],
  ['llama.cpp: loading', http(503, { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }), 'unavailable'],
  ['a proxy', http(502, '<html>Bad Gateway</html>'), 'unavailable'],
  ['nothing', new StreamFailure(undefined), 'unavailable'],
  ['a bug of a package', new TypeError("Cannot read properties of undefined (reading 'x')"), 'unavailable'],
  ['a string', 'boom', 'unavailable'],
  ['a parameter', http(400, openai("Unsupported value: 'temperature' does not support 0.2 with this model.")), 'invalid'],
  ['another client error', http(422, { detail: [{ msg: 'Extra inputs are not permitted' }] }), 'invalid'],
];

for (const [name, error, expected] of cases) test(name, () => assert.equal(meaning(error), expected));

test('what the model wrote is not taken for what the vendor said', () => {
  const quoting = Object.assign(
    new Error('Type validation failed: Value: {"text":"maximum context length, invalid api key, insufficient_quota"}'),
    {
      name: 'AI_TypeValidationError',
      value: { choices: [{ delta: { content: 'maximum context length' } }] },
    },
  );
  assert.equal(meaning(new StreamFailure(quoting)), 'unavailable');
});

test('waits are read as seconds, milliseconds, dates and protobuf durations', () => {
  const waitOf = (headers: Record<string, string>, body: unknown = openai('slow down')): number | undefined =>
    toAppError(http(429, body, headers), asked, NOW).retryAfterMs;
  assert.equal(waitOf({ 'retry-after': '30' }), 30_000);
  assert.equal(waitOf({ 'retry-after': '1.5' }), 1500);
  assert.equal(waitOf({ 'retry-after': '30', 'retry-after-ms': '1200' }), 1200);
  assert.equal(waitOf({ 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }), 60_000);
  assert.equal(waitOf({ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }), 0);
  assert.equal(waitOf({ 'retry-after': 'soon' }), undefined);
  assert.equal(waitOf({}, google(429, 'RESOURCE_EXHAUSTED', 'x', [{ retryDelay: '34.5s' }])), 34_500);
});

test('no key, no address with a key and no request reach the error', () => {
  const key = 'very-secret-key-0123456789';
  assert.ok(new Secret(key));
  const thrown = Object.assign(new Error('failed'), {
    statusCode: 400,
    url: `https://ann:pw@host/v1?key=${key}`,
    requestBodyValues: { messages: ['private words'] },
    responseBody: JSON.stringify(openai(`Bad request to https://ann:pw@host.example/v1/x?key=${key} with ${key}`)),
  });
  const error = toAppError(thrown, asked, NOW);
  const everything = `${error.message} ${error.hint} ${String(error.cause)} ${JSON.stringify(error)} ${error.stack}`;
  for (const secret of [key, 'pw@', 'private words', '?key']) assert.ok(!everything.includes(secret), everything);
  assert.match(error.message, /https:\/\/host\.example/);
});

test('a very long complaint is cut', () => {
  const error = toAppError(http(400, openai('x'.repeat(10_000))), asked, NOW);
  assert.ok(error.message.length < 500);
});

test('where nothing answers, the reason is told in words', () => {
  const refused = Object.assign(new Error('Cannot connect to API'), {
    cause: Object.assign(new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]), {}),
  });
  assert.match(toAppError(refused, asked, NOW).message, /cannot be reached at api\.vendor\.example: nothing listens there/);
  const unknown = Object.assign(new Error('x'), { code: 'EWEIRD' });
  assert.match(toAppError(unknown, asked, NOW).message, /EWEIRD/);
});
