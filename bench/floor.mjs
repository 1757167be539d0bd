/**
 * The floor: a bare script that only polls, asks and sends. Nothing is stored, checked, ordered or retried.
 * Everything that the gateway promises costs what it adds to this.
 * Environment: BOT_URL (with the token), MODEL_URL, MODEL_KEY.
 */
const { BOT_URL, MODEL_URL, MODEL_KEY } = process.env;
const json = { 'content-type': 'application/json' };

async function bot(method, parameters) {
  const response = await fetch(`${BOT_URL}/${method}`, { method: 'POST', headers: json, body: JSON.stringify(parameters) });
  return (await response.json()).result;
}

/** The text of a streamed chat completion. */
async function ask(text) {
  const response = await fetch(`${MODEL_URL}/chat/completions`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${MODEL_KEY}` },
    body: JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: text }] }),
  });
  let answer = '';
  for (const line of (await response.text()).split('\n')) {
    if (!line.startsWith('data: {')) continue;
    answer += JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? '';
  }
  return answer;
}

async function answer({ chat, text }) {
  await bot('sendMessage', { chat_id: chat.id, text: await ask(text) });
}

for (let offset = 0; ;) {
  for (const update of await bot('getUpdates', { offset, timeout: 30, limit: 100 })) {
    offset = update.update_id + 1;
    if (update.message?.text) void answer(update.message).catch((error) => console.error(error));
  }
}
