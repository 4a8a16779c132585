import { expect, test } from '../fixtures/test.ts';
import { Keyboard } from '../lib/keyboard.ts';
import { countIn, countInMemory, filesWith } from '../lib/memory.ts';
import { people } from '../fixtures/server.ts';

// Never written in one piece in the sources of the product, and never part of anything else.
const CANARY = ['zebra', 'quartz', 'vexing', 'jukebox'].join('');

test('what is typed and shown in a session is nowhere at the server: not in memory, database, log or the bytes it relays', async ({
  server, startAgent, startSession, room,
}) => {
  const agent = await startAgent();
  const session = await startSession('technician');
  const before = await session.picture();
  await session.clickNotes();
  await (await Keyboard.of(session.page)).type(CANARY);
  await expect.poll(() => countInMemory(agent.processId, CANARY), 'the search finds it in the agent').toBeGreaterThan(0);
  await expect.poll(async () => (await session.picture()).difference(before), 'and the picture shows it').toBeGreaterThan(0);

  expect(countInMemory(server.processId, CANARY), 'memory of the server').toBe(0);
  expect(filesWith(server.folder, CANARY), 'database and log').toEqual([]);
  expect(countIn(server.wiretap.bytes(), Buffer.from(CANARY)), 'relayed bytes').toBe(0);

  // The same searches find what the server may know.
  expect(countInMemory(server.processId, room.id), 'the search looks into the server').toBeGreaterThan(0);
  expect(filesWith(server.folder, people.technician.email).length, 'the search looks into the files').toBeGreaterThan(0);
  expect(countIn(server.wiretap.bytes(), Buffer.from(room.id)), 'the search looks into the bytes').toBeGreaterThan(0);
});
