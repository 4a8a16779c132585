import { expect, test } from '../fixtures/test.ts';

test('a session in which nothing is done says so before it ends, and stays when somebody answers', async ({
  startAgent, startSession, setPolicies,
}) => {
  test.setTimeout(90_000);
  // The shortest that an organisation may choose; of it, the first half is quiet.
  await setPolicies({ idle_limit_s: 60 });
  await startAgent();
  const session = await startSession('watcher');
  const countdown = session.page.locator('.session-countdown');
  await expect(countdown).toContainText('Nothing was typed or clicked for too long.', { timeout: 45_000 });
  await expect(session.page.getByText(/The session ends in \d+ s because nothing is typed or clicked/)).toBeVisible();
  await session.page.screenshot({ path: test.info().outputPath('countdown.png') });
  await session.button('Stay connected').press('Enter');
  await expect(countdown).toHaveCount(0);
  await expect(session.page.getByText('You stay connected.')).toBeVisible();
  await expect(session.page.getByRole('dialog', { name: /^Remote session in / })).toBeFocused();
  await expect(session.status).toHaveText('Connected');
});
