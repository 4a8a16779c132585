import { readFileSync } from 'node:fs';
import { expect, test } from '../fixtures/test.ts';
import type { Agent } from '../fixtures/agent.ts';

async function expectFewRights(agent: Agent) {
  const process = readFileSync(`/proc/${agent.processId}/status`, 'utf8');
  expect(process).toMatch(/^NoNewPrivs:\t1$/m);
  // Few or fewer, by the age of the kernel; one without any limits would leave all.
  await expect.poll(() => agent.status('rights')).toMatch(/^few/);
}

test('the agent of a simulated console gives up what it does not need', async ({ startAgent, startSession }) => {
  const agent = await startAgent();
  await startSession('technician');
  await expectFewRights(agent);
});

test('the agent of an X11 console gives up what it does not need', async ({ startX11Console, startSession }) => {
  const { agent } = await startX11Console();
  await startSession('technician');
  await expectFewRights(agent);
});
