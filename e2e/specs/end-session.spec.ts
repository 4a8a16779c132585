import { expect, test } from '../fixtures/test.ts';

test('End session ends it for this viewer, once in the audit log, and not for others', async ({ startAgent, startSession, server, room }) => {
  await startAgent();
  const session = await startSession('technician');
  const other = await startSession('watcher');
  await session.end();
  await session.expectEnded();
  await expect.poll(() => server.auditOf(room, 'session.end')).toHaveLength(1);
  const [start, end] = [server.auditOf(room, 'session.start')[0]!, server.auditOf(room, 'session.end')[0]!];
  expect(end.session).toBe(start.session);
  expect(end.end_reason).toBe('ended_by_viewer');
  await expect(other.status).toContainText('Connected');
});

test('closing the tab ends the session', async ({ startAgent, startSession, server, room }) => {
  await startAgent();
  const session = await startSession('technician');
  // The browser asks whether to leave a live session.
  session.page.once('dialog', (question) => question.accept());
  await session.page.close({ runBeforeUnload: true });
  await expect.poll(() => server.auditOf(room, 'session.end')).toHaveLength(1);
  expect(server.auditOf(room, 'session.end')[0]!.end_reason).toBe('viewer_closed');
});

test('when the agent is killed the session ends with one record', async ({ startAgent, startSession, server, room }) => {
  const agent = await startAgent();
  const session = await startSession('technician');
  await agent.kill();
  await expect(session.status).toContainText('Reconnecting');
  await expect.poll(() => server.auditOf(room, 'session.end').map((end) => end.end_reason), { timeout: 30_000 }).toEqual(['agent_lost']);
  await expect(session.status).toContainText('Ended', { timeout: 20_000 });
});

test('Help opens the help page of the session view in a new tab', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('watcher');
  const opened = session.page.waitForEvent('popup');
  await session.page.getByRole('toolbar').getByRole('link', { name: 'Help' }).click();
  const help = await opened;
  await expect(help).toHaveURL(/\/help\/session$/);
  await expect(help.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(session.status).toContainText('Connected');
});
