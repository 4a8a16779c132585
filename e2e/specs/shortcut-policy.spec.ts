import { expect, test } from '../fixtures/test.ts';

const SAFE = ['Wake display', 'Refresh picture'];

test('a View session offers the shortcut commands that the policy allows, and says why others are missing', async ({
  startX11Console, recordEvents, startSession, setPolicies,
}) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const offered = async (person: 'watcher' | 'technician') => {
    const session = await startSession(person);
    await session.button('Shortcut commands').click();
    const items = session.page.getByRole('menuitem');
    await expect(items.first()).toBeVisible();
    const names = await items.filter({ hasNotText: /^With View|Type text/ }).allInnerTexts();
    const why = await items.filter({ hasText: /^With View/ }).allInnerTexts();
    await session.page.keyboard.press('Escape');
    return { session, names, why };
  };

  const all = await offered('watcher');
  expect(all.names).toContain('Ctrl+Alt+Del');
  expect(all.why).toEqual([]);
  await all.session.end();

  await setPolicies({ view_shortcuts: 'safe' });
  const safe = await offered('watcher');
  expect(safe.names).toEqual(SAFE);
  expect(safe.why).toEqual(['With View, your organisation allows these commands only.']);
  await safe.session.useShortcut('Refresh picture');
  await expect(safe.session.page.getByText('Refresh picture was performed.')).toBeVisible();
  await safe.session.end();

  await setPolicies({ view_shortcuts: 'none' });
  const none = await offered('watcher');
  expect(none.names).toEqual([]);
  expect(none.why).toEqual(['With View, your organisation allows no shortcut commands.']);
  await none.session.end();
  expect(events.keys()).toEqual([]);

  const modify = await offered('technician');
  expect(modify.names, 'the policy is for View').toEqual(all.names);
  await modify.session.useShortcut('Enter');
  await expect.poll(() => events.keys()).toEqual(['Return']);
});
