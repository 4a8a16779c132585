import type { Page } from '@playwright/test';
import type { RedringServer, Room } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { inputs, ViewerByHand, type StartedSession } from '../lib/viewer-by-hand.ts';

/** The number of `policy_violation` on the wire. */
const POLICY_VIOLATION = 12;

function open(page: Page, server: RedringServer, room: Room): Promise<ViewerByHand> {
  return ViewerByHand.open(server.url, async (viewerKey) => {
    const answer = await page.request.post(`/api/v1/rooms/${room.id}/sessions`, {
      data: { viewer_key: viewerKey },
      headers: { 'x-redring-request': '1', origin: server.url },
    });
    expect(answer.status(), await answer.text()).toBe(201);
    return (await answer.json()) as StartedSession;
  });
}

test('input in a View session reaches nothing, whatever the client: it is on record and ends the session', async ({
  startX11Console, recordEvents, pageOf, server, room,
}) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const watcher = await pageOf('watcher');
  const kinds = Object.keys(inputs) as (keyof typeof inputs)[];
  for (const kind of kinds) {
    const viewer = await open(watcher, server, room);
    await viewer.picture();
    viewer.input(inputs[kind](viewer.epoch));
    expect(await viewer.endReason(), kind).toBe(POLICY_VIOLATION);
  }
  await expect.poll(() => server.auditOf(room, 'session.end').map((end) => end.end_reason)).toEqual(kinds.map(() => 'policy_violation'));
  expect(server.auditOf(room, 'session.policy_violation').map((event) => event.violation)).toEqual(kinds);

  // The same client with Modify, after all that: only what it sends now arrives.
  const modifier = await open(await pageOf('technician'), server, room);
  await modifier.picture();
  for (const kind of kinds) modifier.input(inputs[kind](modifier.epoch));
  await expect.poll(() => events.keys()).toContain('x');
  await expect.poll(() => events.keysHeld(), 'the last of them releases what is held').toEqual([]);
  expect(events.keys()).toEqual(['a', 'x']);
  expect(events.pointer().flatMap((record) => (record.kind === 'ButtonPress' ? [record.button] : []))).toEqual([1, 5]);
  expect(server.auditOf(room, 'session.policy_violation')).toHaveLength(kinds.length);
});
